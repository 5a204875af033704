"""Planned outages: when a service, or one instance, is in maintenance. Time zones and their changes as in RFC 5545."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from defib.core.frozen import dataclass
from defib.core.setting import Form, duration, string, strings

if TYPE_CHECKING:
    from defib.core.policy import Policy, Service

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNTIL_TAG = "defib:maintenance-until"
"""Set on an instance by people: ad hoc maintenance of that one instance, until the ISO 8601 time in its value."""

_BEFORE = -3
"""From how many days before today, in UTC, what may be on now has begun, besides those that it lasts: a skipped hour
may push its start past midnight, and the date in another zone is at most a day off."""

WEEK = timedelta(days=7)
A_WEEK = datetime(2026, 1, 12, tzinfo=UTC)
"""When a week like any other begins, in which hardly any clock changes."""

DAY = Form("one of mon, tue, wed, thu, fri, sat, sun", 3, "|".join(DAYS))
DATE = Form("a date such as 2026-10-25", 10, r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = Form("a time of day from 00:00 to 23:59", 5, r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
ZONE = Form("a time zone such as Europe/Berlin or UTC", 40, r"[A-Za-z][A-Za-z0-9_+/-]*")


@dataclass(frozen=True, slots=True)
class Maintenance:
    """One planned outage: on certain days of every week, or once."""

    at: str = field(metadata=string("When it begins, in local time.", "02:00", TIME))
    lasts: timedelta = field(metadata=duration("How long it lasts.", "2h", "5m", "3d"))
    zone: str = field(default="UTC", metadata=string("Whose local time.", "Europe/Berlin", ZONE))
    days: tuple[str, ...] = field(
        default=(),
        metadata=strings("The days of the week on which it begins; not together with date.", '["sun"]', DAY, 7),
    )
    date: str = field(
        default="", metadata=string("The one day on which it begins; not together with days.", "2026-10-25", DATE)
    )


@dataclass(frozen=True, slots=True)
class Window:
    """A planned outage that is on. Times are in UTC."""

    start: datetime
    end: datetime

    def until(self, now: datetime) -> str:
        """Its end in words, with the year where that is another: a tag may say it for good."""
        year = "" if self.end.year == now.year else f" {self.end.year}"
        return f"{self.end:%d %B}{year} {self.end:%H:%M} UTC"


def is_zone(name: str) -> bool:
    """Whether the IANA time zone database knows it."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - reads the environment at import

    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return False
    return True


def in_window(policy: Policy, service: Service, now: datetime) -> Window | None:
    """The planned outage that ``service`` is in at ``now``; of several, the one that ends last."""
    planned = (*policy.maintenance, *service.maintenance)
    if not planned:
        return None
    return max(_on(planned, now), key=lambda window: window.end, default=None)


def on_until(planned: Sequence[Maintenance], now: datetime) -> datetime | None:
    """When what is on at ``now`` ends, the last of several; None while nothing is."""
    return max((window.end for window in _on(tuple(planned), now)), default=None)


def next_window(policy: Policy, service: Service, now: datetime) -> Window | None:
    """The next planned outage of ``service`` that has not begun yet."""
    planned = (*policy.maintenance, *service.maintenance)
    coming = (w for entry in planned for w in _within_a_week(entry, now) if w.start > now)
    return min(coming, key=lambda window: window.start, default=None)


def maintenance_of(policy: Policy, service: Service, tags: Mapping[str, str], now: datetime) -> Window | None:
    """As ``in_window``, for an instance with these tags: one of them may say that it is in maintenance by itself."""
    planned, until = in_window(policy, service, now), until_of(tags)
    if until is None or until <= now or (planned is not None and planned.end >= until):
        return planned
    return Window(now, until)


def until_of(tags: Mapping[str, str]) -> datetime | None:
    """Until when people have put the instance in maintenance; None where they have not, or have written no time."""
    written = tags.get(UNTIL_TAG)
    if not written:
        return None
    try:
        until = datetime.fromisoformat(written)
        # Without an offset it would be anybody's guess whose time it is.
        return until.astimezone(UTC) if until.tzinfo is not None else None
    except (ValueError, OverflowError):
        # In UTC the first and last hours of the calendar are none of it.
        return None


def is_always(planned: Sequence[Maintenance]) -> bool:
    """Whether one or another of these is on at every moment of every week, but for an hour when clocks change."""
    weekly = [entry for entry in planned if entry.days]
    if sum((len(entry.days) * entry.lasts for entry in weekly), timedelta(0)) < WEEK:
        return False
    every = (window for entry in weekly for window in windows(entry, A_WEEK, A_WEEK + WEEK))
    reached = A_WEEK
    for window in sorted(every, key=lambda window: window.start):
        if window.start > reached:
            return False
        reached = max(reached, window.end)
    return reached >= A_WEEK + WEEK


def windows(entry: Maintenance, first: datetime, last: datetime) -> Iterator[Window]:
    """The windows of ``entry`` that touch the time from ``first`` to ``last``, the soonest first."""
    days = range(_BEFORE - entry.lasts.days, (last - first).days + 4)
    touching = [w for w in _windows(entry, first.date(), days) if w.start <= last and w.end > first]
    yield from sorted(touching, key=lambda window: window.start)


def _on(planned: tuple[Maintenance, ...], now: datetime) -> list[Window]:
    """The windows that are on at ``now``."""
    return [window for window in _of_day(planned, now.date()) if window.start <= now < window.end]


@lru_cache(maxsize=1024)
def _of_day(planned: tuple[Maintenance, ...], day: date) -> tuple[Window, ...]:
    """The windows that are on at some time of ``day``, in UTC. Remembered: every look that day asks for the same."""
    midnight = datetime.combine(day, time(), UTC)
    return tuple(window for entry in planned for window in windows(entry, midnight, midnight + timedelta(days=1)))


def _within_a_week(entry: Maintenance, now: datetime) -> Sequence[Window]:
    """The windows of ``entry`` that may begin within a week of ``now``; the one of a single day whenever it is."""
    return _windows(entry, _today(entry, now), range(-1, 9))


def _today(entry: Maintenance, now: datetime) -> date:
    return now.astimezone(_zone(entry.zone)).date()


@lru_cache(maxsize=2048)
def _windows(entry: Maintenance, today: date, ahead: range) -> Sequence[Window]:
    """The windows of ``entry`` on its days of the week, so many days ``ahead`` of ``today``, or on its one date.

    Remembered: each look asks for the same ones, and time zones take long.
    """
    if entry.date:
        return (_window(entry, date.fromisoformat(entry.date)),)
    days = (today + timedelta(days=n) for n in ahead)
    return tuple(_window(entry, day) for day in days if DAYS[day.weekday()] in entry.days)


def _window(entry: Maintenance, day: date) -> Window:
    """What begins on ``day``.

    A local time that a clock change skips is read with the offset before the change; one that comes twice is the first
    (RFC 5545, section 3.3.5): Python's ``fold=0`` is both. The duration is exact time, whatever the clocks do (3.3.6).
    """
    start = datetime.combine(day, time.fromisoformat(entry.at), _zone(entry.zone)).astimezone(UTC)
    return Window(start, start + entry.lasts)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - reads the environment at import

    return ZoneInfo(name)
