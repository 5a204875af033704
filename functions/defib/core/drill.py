"""Now and then a message that must be answered, so that a dead phone is found before the night on which it matters."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from defib.core.frozen import dataclass, replace
from defib.core.maintenance import DAY, TIME, ZONE, Maintenance, windows
from defib.core.setting import duration, string, strings

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_AFTER = timedelta(hours=2)
"""How long after a contact is first known its first drill may come: it must have confirmed its addresses."""
HOUR = timedelta(hours=1)
"""How late a drill may come; after that it waits for the next day, so that none comes at night. One that somebody has
asked for waits for them to ask again."""


@dataclass(frozen=True, slots=True)
class DrillSettings:
    """When contacts are drilled."""

    every: timedelta = field(
        default=timedelta(days=30),
        metadata=duration("How often each contact gets a drill that must be answered; 0s: never.", "7d", "0s", "365d"),
    )
    days: tuple[str, ...] = field(
        default=("mon", "tue", "wed", "thu", "fri"),
        metadata=strings("The days of the week on which drills come.", '["tue"]', DAY, 7),
    )
    at: str = field(default="10:00", metadata=string("When they come, in local time.", "11:30", TIME))
    zone: str = field(default="UTC", metadata=string("Whose local time.", "Europe/Berlin", ZONE))
    answer_within: timedelta = field(
        default=timedelta(hours=2),
        metadata=duration("How long the contact may take to answer before everybody hears of it.", "1h", "5m", "1d"),
    )


@dataclass(frozen=True, slots=True)
class Drill:
    """One contact's newest drill."""

    contact: str
    since: datetime
    """When it was asked; while ``number`` is 0, when the contact was first known."""
    number: int = 0
    """Of its incident; 0 before the first drill."""
    open: bool = False
    """Whether its answer has not come yet."""
    answer: str = ""
    """Who has answered it and how fast, in words; empty until somebody has."""
    wanted_by: str = ""
    """Who wants the contact drilled now, at whatever hour; empty while nobody does."""

    def is_late(self, settings: DrillSettings, now: datetime) -> bool:
        """Whether the answer should have come by now."""
        return bool(settings.every) and self.open and now - self.since >= settings.answer_within


def enrolled(drills: tuple[Drill, ...], contacts: Iterable[str], now: datetime) -> tuple[Drill, ...]:
    """A drill of each of the contacts, and of none other; those not known before from now on."""
    known = {drill.contact: drill for drill in drills}
    return tuple(known.get(contact, Drill(contact, now)) for contact in contacts)


def is_due(drill: Drill, settings: DrillSettings, now: datetime) -> bool:
    """Whether the contact is to be drilled now: long enough after the last time, and at the hour for it."""
    if not settings.every:
        return False
    if drill.wanted_by:
        return True
    wait = settings.every - HOUR if drill.number else FIRST_AFTER
    hour = Maintenance(at=settings.at, lasts=HOUR, zone=settings.zone, days=settings.days)
    return now - drill.since >= wait and any(w.start <= now < w.end for w in windows(hour, now, now))


@dataclass(frozen=True, slots=True)
class DrillOrder:
    """Somebody wants a contact drilled now."""

    contact: str
    by: str
    """Who says so, in their own words."""
    at: datetime
    """When they said so."""


def ordered(
    drills: tuple[Drill, ...], order: DrillOrder, hearing: Iterable[str], settings: DrillSettings, now: datetime
) -> tuple[tuple[Drill, ...], str]:
    """The drills with the order remembered, and why it changes nothing: empty where it does.

    ``hearing`` are the contacts that take what is urgent.
    """
    if not settings.every:
        return drills, "drills are off (drill.every)"
    if now - order.at > HOUR:
        return drills, "it was asked for more than an hour ago"
    known = list(hearing)
    if order.contact not in known:
        return drills, f"there is no contact {order.contact} that takes what is urgent"
    all_of_them = enrolled(drills, known, now)
    return tuple(replace(d, wanted_by=order.by) if d.contact == order.contact else d for d in all_of_them), ""


def answered(drill: Drill, answer: str) -> Drill:
    """The drill once somebody has answered it."""
    return replace(drill, open=False, answer=answer)
