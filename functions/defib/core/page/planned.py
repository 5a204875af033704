"""Planned outages as customers read of them: the policy's windows that are on, near, or just over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from defib.core.frozen import dataclass, replace
from defib.core.maintenance import Maintenance, Window, windows
from defib.core.page.model import MaintenanceStatus, PlannedOutage
from defib.core.page.settings import Language
from defib.core.page.words import clock, listed, words
from defib.core.policy import Policy

OVER_FOR = timedelta(days=1)
"""How long one that is over is still shown."""
ANNOUNCED_MOST = timedelta(days=30)
"""How long before it begins one may be announced (core/page/settings.py)."""


def planned(policy: Policy, now: datetime, told: Sequence[PlannedOutage] = ()) -> tuple[PlannedOutage, ...]:
    """Those that are on and those to come, the soonest first; then those that are over, the latest first.

    Those that people were ``told`` of are among them for as long as the policy has them: it may announce later by now.
    """
    found = sorted(_planned(policy, now, told), key=lambda outage: (outage.start, outage.name))
    over = [outage for outage in found if outage.status is MaintenanceStatus.COMPLETED]
    return (*(outage for outage in found if outage.status is not MaintenanceStatus.COMPLETED), *reversed(over))


def still_planned(policy: Policy, now: datetime) -> tuple[PlannedOutage, ...]:
    """Those of which people may have been told, however near they must be by now to be announced."""
    return planned(replace(policy, page=replace(policy.page, announce_maintenance=ANNOUNCED_MOST)), now)


def by_id(outages: Iterable[PlannedOutage]) -> dict[str, PlannedOutage]:
    """Of those that begin together for the same components, the one that ends last: so long they are out."""
    return {outage.id: outage for outage in sorted(outages, key=lambda outage: outage.end)}


def standing(outages: Iterable[PlannedOutage]) -> str:
    """What changes of them with time alone: another text says that the page must be made anew."""
    return " ".join(f"{outage.id}:{outage.status}" for outage in outages)


def _planned(policy: Policy, now: datetime, told: Sequence[PlannedOutage]) -> Iterator[PlannedOutage]:
    """Those that are near or were ``told`` of, as they stand at ``now``."""
    first, last = now - OVER_FOR, now + policy.page.announce_maintenance
    known = {outage.id for outage in told}
    # In whole days: what is remembered of a day is asked for again all that day.
    ahead = max([policy.page.announce_maintenance, *(timedelta(days=(o.start - now).days + 1) for o in told)])
    shown = [service for service in policy.services if service.page.title]
    titled = tuple([(s.name, s.page.title, (*policy.maintenance, *s.maintenance)) for s in shown])
    for outage in _outages(titled, now.date(), ahead, policy.page.language):
        if outage.ahead.end <= first or (outage.ahead.start > last and outage.ahead.id not in known):
            continue
        yield outage.at(now)


@dataclass(frozen=True, slots=True)
class _Outage:
    """One planned outage before, during and after it."""

    ahead: PlannedOutage
    on: PlannedOutage
    over: PlannedOutage

    def at(self, now: datetime) -> PlannedOutage:
        if now < self.ahead.start:
            return self.ahead
        return self.on if now < self.ahead.end else self.over


@lru_cache(maxsize=256)
def _outages(
    titled: tuple[tuple[str, str, tuple[Maintenance, ...]], ...], day: date, announced: timedelta, language: Language
) -> tuple[_Outage, ...]:
    """One for each window that is near at some time of ``day``, in UTC; services whose windows are the same share it.

    Of each service its name, its title on the page and what is planned. Remembered: every look at the page that day
    finds the same ones.
    """
    midnight = datetime.combine(day, time(), UTC)
    first, last = midnight - OVER_FOR, midnight + timedelta(days=1) + announced
    concerned: dict[Window, list[str]] = {}
    names = {name: title for name, title, _ in titled}
    for name, _, entries in titled:
        for window in (w for entry in entries for w in windows(entry, first, last)):
            here = concerned.setdefault(window, [])
            if name not in here:
                here.append(name)
    return tuple(_outage(services, names, window, language) for window, services in concerned.items())


def _outage(services: Sequence[str], names: Mapping[str, str], window: Window, language: Language) -> _Outage:
    said = words(language)
    titles, until = listed(tuple(names[name] for name in services), said), clock(window.end, window.start)
    body = said.planned_body.format(names=titles, since=f"{window.start:%Y-%m-%d %H:%M}", next=until)
    name = said.planned.format(names=titles)
    ahead = PlannedOutage(name, body, tuple(services), window.start, window.end, MaintenanceStatus.SCHEDULED)
    on, over = MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.COMPLETED
    return _Outage(ahead, replace(ahead, status=on), replace(ahead, status=over))
