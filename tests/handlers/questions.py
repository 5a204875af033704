"""What people are asked by a link, and the cases and incidents that such questions are about."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from defib.core.answer.link import Link, Say
from defib.core.approval import Approval
from defib.core.call import HANDED_OVER, Asked, Call, Want
from defib.core.case import Case
from defib.core.escalation import Tier
from defib.core.incident import Incident, Phase
from tests.aws.cases import NOON, WEB_1, a_case, an_incident

ASKED = Approval(NOON, NOON + timedelta(minutes=30))
ABOUT_A_REPAIR = Link("web-7", 3, f"{WEB_1}-1", (Say.APPROVE, Say.REJECT), "oncall", NOON + timedelta(minutes=30))
ABOUT_A_CALL = Link("web-7", 4, f"{WEB_1}-1", (Say.ACKNOWLEDGE, Say.SNOOZE), "oncall", NOON + timedelta(hours=24))
ABOUT_BOTH = Link(
    "web-7",
    5,
    f"{WEB_1}-1",
    (Say.APPROVE, Say.REJECT, Say.ACKNOWLEDGE, Say.SNOOZE),
    "oncall",
    NOON + timedelta(hours=24),
)
"""In the message that asks again for a yes."""


def waiting(**changes: Any) -> Case:
    """A case whose repair people have been asked about at noon."""
    fields: dict[str, Any] = {
        "confirmed_at": NOON,
        "held_by": "approval",
        "reason": "waits for a yes",
        "approval": ASKED,
        "told_of": ("approval",),
    }
    return a_case(**(fields | changes))


def handed_over(**changes: Any) -> Case:
    """A case that people have been asked to take."""
    return a_case(confirmed_at=NOON, handed_over_at=NOON, reason="two restarts did not help", ask="Look.", **changes)


def held(case: Case) -> Incident:
    """The incident that the case belongs to."""
    (member,) = an_incident().members
    return an_incident(
        members=(replace(member, case_id=case.id, phase=Phase.HELD),), timeline=("12:00:00 UTC  noticed",)
    )


def called(**changes: Any) -> Incident:
    """The incident of a case that has been handed over, which asks for a person."""
    case = handed_over()
    want = Want(case.id, HANDED_OVER, NOON, "web-1 needs you: two restarts did not help")
    call = Call(NOON, NOON, NOON + timedelta(minutes=5), (want,), (Asked(Tier.FIRST, NOON),))
    return replace(held(case), **{"call": call, **changes})


def later(**time: float) -> datetime:
    return NOON + timedelta(**time)
