"""Cases and notices as the tests of the edges need them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from defib.core.case import Action, Attempt, Case
from defib.core.incident import Incident, Member, Notice, NoticeKind, Phase
from defib.core.model import Cause, Source

NOON = datetime(2026, 4, 30, 12, 0, tzinfo=UTC)
WEB_1 = "i-0a1b2c3d4e5f60001"
WEB_2 = "i-0a1b2c3d4e5f60002"


def a_case(instance_id: str = WEB_1, number: int = 1, **changes: Any) -> Case:
    """An open case of the service ``web``."""
    fields: dict[str, Any] = {
        "instance_id": instance_id,
        "number": number,
        "service": "web",
        "name": "web-1",
        "zone": "us-east-1a",
        "opened_at": NOON,
        "opened_by": Source.SWEEP,
        "cause": Cause.INSTANCE_IMPAIRED,
        "since": NOON - timedelta(seconds=90),
        "look_again_at": NOON + timedelta(minutes=1),
    }
    return Case(**(fields | changes))


def an_attempt(action: Action, number: int = 1) -> Attempt:
    return Attempt(number, action, "its turn", NOON)


def an_incident(**changes: Any) -> Incident:
    """The seventh incident of ``web``."""
    member = Member(f"{WEB_1}-1", WEB_1, "web-1", "us-east-1a", Cause.SYSTEM_IMPAIRED, NOON, Phase.REPAIRING)
    fields: dict[str, Any] = {
        "service": "web",
        "number": 7,
        "opened_at": NOON,
        "members": (member,),
        "timeline": ("12:00 noticed",),
    }
    return Incident(**(fields | changes))


def a_notice(sequence: int = 1, at: datetime = NOON, incident_id: str = "web-7", **changes: Any) -> Notice:
    """An opening notice."""
    fields: dict[str, Any] = {
        "incident_id": incident_id,
        "service": incident_id.rpartition("-")[0],
        "sequence": sequence,
        "kind": NoticeKind.OPENED,
        "at": at,
        "case_id": f"{WEB_1}-1",
        "instance_id": WEB_1,
        "subject": "web-1 is down",
        "body": "web-1 in us-east-1a fails its checks – being repaired.\nNothing to do.",
        "sms": "web-1 down, being repaired",
    }
    return Notice(**(fields | changes))
