"""Planned outages as customers read of them: the policy's windows that are on, near, or just over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from defib.core.maintenance import Window, windows
from defib.core.page.model import MaintenanceStatus, PlannedOutage
from defib.core.page.settings import Language
from defib.core.page.words import clock, listed, words
from defib.core.policy import Policy

OVER_FOR = timedelta(days=1)
"""How long one that is over is still shown."""


def planned(policy: Policy, now: datetime) -> tuple[PlannedOutage, ...]:
    """Those that are on and those to come, the soonest first; then those that are over, the latest first."""
    found = sorted(_planned(policy, now), key=lambda outage: (outage.start, outage.name))
    over = [outage for outage in found if outage.status is MaintenanceStatus.COMPLETED]
    return (*(outage for outage in found if outage.status is not MaintenanceStatus.COMPLETED), *reversed(over))


def standing(outages: Iterable[PlannedOutage]) -> str:
    """What changes of them with time alone: another text says that the page must be made anew."""
    return " ".join(f"{outage.id}:{outage.status}" for outage in outages)


def _planned(policy: Policy, now: datetime) -> Iterator[PlannedOutage]:
    """One for each window; services whose windows are the same share it."""
    first, last = now - OVER_FOR, now + policy.page.announce_maintenance
    concerned: dict[Window, list[str]] = {}
    names = {service.name: service.page.title for service in policy.services if service.page.title}
    for service in (s for s in policy.services if s.name in names):
        for entry in (*policy.maintenance, *service.maintenance):
            for window in windows(entry, first, last):
                here = concerned.setdefault(window, [])
                if service.name not in here:
                    here.append(service.name)
    for window, services in concerned.items():
        name, body = _worded(tuple(names[name] for name in services), window, policy.page.language)
        status = MaintenanceStatus.SCHEDULED
        if window.start <= now:
            status = MaintenanceStatus.IN_PROGRESS if now < window.end else MaintenanceStatus.COMPLETED
        yield PlannedOutage(name, body, tuple(services), window.start, window.end, status)


@lru_cache(maxsize=2048)
def _worded(titles: tuple[str, ...], window: Window, language: Language) -> tuple[str, str]:
    """The name of an outage and its body. Remembered: each look at the page finds the same ones."""
    said = words(language)
    names, until = listed(titles, said), clock(window.end, window.start)
    return said.planned.format(names=names), said.planned_body.format(
        names=names, since=f"{window.start:%Y-%m-%d %H:%M}", next=until
    )
