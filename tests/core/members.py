"""Members of an Auto Scaling group, and what is decided about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from defib.core.case import Act, Action, Case, Decision
from defib.core.decide import decide
from defib.core.membership import GROUP_TAG, GroupMember, Membership
from defib.core.model import (
    Cause,
    Checks,
    Diagnosis,
    Observation,
)
from tests.core.facts import NOON, OK, after, attempt, impaired, observed, policy

TAGS = {"Name": "web-2", "service": "web", "self-heal": "true", GROUP_TAG: "web-asg"}
EVIDENCE, ENTERED, LEFT = attempt(Action.EVIDENCE), attempt(Action.ENTER_STANDBY), attempt(Action.EXIT_STANDBY)
SICK = Checks(impaired(), impaired(), OK)


def member(lifecycle: str = "InService", **changes: Any) -> Observation:
    place = Membership("web-asg", lifecycle, protected=False, opted_in=True, minimum=2, desired=3, in_service=3)
    return observed(**({"tags": TAGS, "membership": place, "checks": SICK} | changes))


def decided(
    so_far: Case, facts: Observation, how: GroupMember, cause: Cause = Cause.SYSTEM_IMPAIRED, minutes: float = 5
) -> Decision:
    now = after(minutes=minutes)
    return decide(replace(so_far, group="web-asg"), facts, Diagnosis(cause, NOON, ()), policy(group_member=how), now)


def action_of(decision: Decision) -> Action | None:
    return decision.action if isinstance(decision, Act) else None
