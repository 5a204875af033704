"""AWS Health, as far as it tells of EC2's own issues: one event when an issue opens, one when it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from sim.bus import Bus
from sim.clock import VirtualTime
from sim.issue import HealthIssue, told
from sim.template import REGION


def schedule_issues(time: VirtualTime, bus: Bus, start: datetime, issues: Sequence[HealthIssue]) -> None:
    """Let AWS tell of each issue at its time."""
    for number, issue in enumerate(issues, 1):
        opens = start + issue.at
        tell: Callable[[datetime | None], None] = partial(_tell, bus, time, issue, number, opens)
        time.at(opens, partial(tell, None))
        if issue.lasts is not None:
            time.at(opens + issue.lasts, partial(tell, opens + issue.lasts))


def _tell(
    bus: Bus, time: VirtualTime, issue: HealthIssue, number: int, opened: datetime, ended: datetime | None
) -> None:
    """One event."""
    zone_id = zone_id_of(issue.zone) if issue.zone else ""
    bus.put("aws.health", "AWS Health Event", told(issue, zone_id, number, opened, ended, time.now), ())


def zone_id_of(zone: str) -> str:
    """AWS's name of the zone that is the same in every account."""
    return next(z.zone_id for z in RegionsAndZonesBackend.zones[REGION] if z.name == zone)
