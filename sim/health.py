"""AWS Health, as far as it tells of EC2's own issues: one event when an issue opens, one when it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from sim.bus import Bus
from sim.clock import VirtualTime
from sim.issue import HealthIssue
from sim.template import ACCOUNT, REGION


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
    """One event, shaped as AWS's samples are (AWS Health User Guide, EventBridge schema)."""
    where = f"a single Availability Zone ({_zone_id(issue.zone)})" if issue.zone else "the Region"
    said = "[RESOLVED] The issue is resolved" if ended is not None else "We are investigating an issue"
    ending = {"endTime": _rfc_1123(ended)} if ended is not None else {}
    detail = {
        "eventArn": f"arn:aws:health:{REGION}::event/EC2/{issue.code}/{issue.code}_{number:08d}",
        "service": "EC2",
        "eventTypeCode": issue.code,
        "eventTypeCategory": "issue",
        "eventScopeCode": "PUBLIC",
        "communicationId": f"{number:08d}-{1 if ended is None else 2}",
        "startTime": _rfc_1123(opened),
        **ending,
        "lastUpdatedTime": _rfc_1123(time.now),
        "statusCode": "open" if ended is None else "closed",
        "eventRegion": REGION,
        "eventDescription": [{"language": "en_US", "latestDescription": f"{said} in {where} in {REGION.upper()}."}],
        "affectedAccount": ACCOUNT,
        "page": "1",
        "totalPages": "1",
        "backupEvent": "false",
    }
    bus.put("aws.health", "AWS Health Event", detail, ())


def _zone_id(zone: str) -> str:
    return next(z.zone_id for z in RegionsAndZonesBackend.zones[REGION] if z.name == zone)


def _rfc_1123(at: datetime) -> str:
    return at.strftime("%a, %d %b %Y %H:%M:%S GMT")
