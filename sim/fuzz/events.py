"""What EventBridge delivers, as AWS shapes it: Defib's own reader of events reads it (aws/normalise.py)."""

from __future__ import annotations

import json
from datetime import datetime

from sim.issue import HealthIssue, told
from sim.template import ACCOUNT, REGION


def event(source: str, detail_type: str, detail: object, at: datetime, number: int = 0) -> str:
    """One event as the body of a message; each ``number`` has an id of its own."""
    return json.dumps(
        {
            "version": "0",
            "id": f"00000000-0000-4000-8000-{number:012x}",
            "source": source,
            "detail-type": detail_type,
            "account": ACCOUNT,
            "region": REGION,
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "resources": [],
            "detail": detail,
        }
    )


def state_change(instance_id: str, state: str, at: datetime) -> str:
    """(EC2 User Guide, Monitor instance state changes)."""
    detail = {"instance-id": instance_id, "state": state}
    return event("aws.ec2", "EC2 Instance State-change Notification", detail, at)


def issue_told(issue: HealthIssue, zone_id: str, number: int, opened: datetime, over: bool, at: datetime) -> str:
    """AWS's word on an issue of EC2's own."""
    return event("aws.health", "AWS Health Event", told(issue, zone_id, number, opened, at if over else None, at), at)
