"""Planned outages and quiet hours in local time, on one date or weekly, in stories at a change of clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from defib.core.maintenance import DAYS
from sim.scenario import Scenario

ONE_IN = 6
"""Of so many stories one is told at a change of clocks, and its windows are in that zone's time."""
CHANGES = (
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
)
"""By zone, when an hour is skipped or comes twice, or half an hour (IANA time zone database)."""
HOURS = range(0, 24, 3)
EVERY_SERVICE_ONE_IN = 12
"""Of so many policies one plans outages of every service."""
ONCE = 0.5
"""How many of the windows in local time are on one date."""


@dataclass(frozen=True, slots=True)
class Local:
    """Where a story is told, and from when."""

    zone: str
    start: datetime


@lru_cache(maxsize=8)
def local_of(seed: int) -> Local | None:
    """The place of that seed's story; None for those that are told in UTC."""
    random = Random(f"local {seed}")
    if random.randrange(ONE_IN):
        return None
    zone, change = random.choice(CHANGES)
    return Local(zone, change - timedelta(minutes=random.randint(-60, 60)))


def at_change(scenario: Scenario, seed: int) -> Scenario:
    """The scenario, begun shortly before the clocks change or after that, if it is told in local time."""
    local = local_of(seed)
    return scenario if local is None else replace(scenario, start=local.start)


def planned_locally(
    table: Mapping[str, Any], local: Local | None, random: Random
) -> Iterator[tuple[tuple[str, ...], object]]:
    """Planned outages of every service, in a few policies; and the windows that there are, in local time."""
    if not random.randrange(EVERY_SERVICE_ONE_IN):
        lasts = f"{random.choice((15, 40))}m"
        daily = [{"days": list(DAYS), "at": f"{hour:02}:{random.randint(0, 59):02}", "lasts": lasts} for hour in HOURS]
        yield ("defib", "maintenance"), _in_time_of(local, daily, random)
    if local is None:
        return
    for section, key in (("services", "maintenance"), ("contacts", "quiet")):
        for name, entry in table[section].items():
            if key in entry:
                yield (section, name, key), _in_time_of(local, entry[key], random)


def _in_time_of(local: Local | None, windows: list[dict[str, Any]], random: Random) -> list[dict[str, Any]]:
    """The windows there, each on its days of the week or on the story's own date alone."""
    if local is None:
        return windows
    day = local.start.astimezone(ZoneInfo(local.zone)).date().isoformat()
    lasts = f"{random.choice((15, 45, 75))}m"
    there = [{**window, "lasts": lasts, "zone": local.zone} for window in windows]
    return [_on_date(window, day) if random.random() < ONCE else window for window in there]


def _on_date(window: Mapping[str, Any], day: str) -> dict[str, Any]:
    return {**{key: value for key, value in window.items() if key != "days"}, "date": day}
