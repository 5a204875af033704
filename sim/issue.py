"""An issue of EC2's own in a scenario, as AWS Health tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from defib.core.setting import duration, string
from sim.scenario_value import EVENT_CODE, WHEN, ZONE, moment
from sim.template import ACCOUNT, REGION


@dataclass(frozen=True, slots=True)
class HealthIssue:
    """AWS tells of an issue of EC2's own. What breaks with it, the faults say."""

    at: timedelta = field(metadata=moment("When AWS tells of it.", '"4m"', WHEN))
    lasts: timedelta | None = field(
        default=None,
        metadata=duration("After how long AWS says that it is over. Left out, never.", "20m", "1s", "1d"),
    )
    code: str = field(
        default="AWS_EC2_OPERATIONAL_ISSUE",
        metadata=string("What AWS calls it.", "AWS_EC2_POWER_CONNECTIVITY_ISSUE", EVENT_CODE),
    )
    zone: str = field(default="", metadata=string("The zone that it is in; left out, the Region.", "us-east-1a", ZONE))


def told(
    issue: HealthIssue, zone_id: str, number: int, opened: datetime, ended: datetime | None, now: datetime
) -> dict[str, object]:
    """The detail of AWS's event about it, as AWS's samples are (AWS Health User Guide, EventBridge schema)."""
    where = f"a single Availability Zone ({zone_id})" if zone_id else "the Region"
    said = "[RESOLVED] The issue is resolved" if ended is not None else "We are investigating an issue"
    ending = {"endTime": _rfc_1123(ended)} if ended is not None else {}
    return {
        "eventArn": f"arn:aws:health:{REGION}::event/EC2/{issue.code}/{issue.code}_{number:08d}",
        "service": "EC2",
        "eventTypeCode": issue.code,
        "eventTypeCategory": "issue",
        "eventScopeCode": "PUBLIC",
        "communicationId": f"{number:08d}-{1 if ended is None else 2}",
        "startTime": _rfc_1123(opened),
        **ending,
        "lastUpdatedTime": _rfc_1123(now),
        "statusCode": "open" if ended is None else "closed",
        "eventRegion": REGION,
        "eventDescription": [{"language": "en_US", "latestDescription": f"{said} in {where} in {REGION.upper()}."}],
        "affectedAccount": ACCOUNT,
        "page": "1",
        "totalPages": "1",
        "backupEvent": "false",
    }


def _rfc_1123(at: datetime) -> str:
    return at.strftime("%a, %d %b %Y %H:%M:%S GMT")
