"""Spot instances: what EC2 interrupted is left to EC2, and said once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.announce import announce
from defib.core.case import Act, Action, Case, Hold
from defib.core.decide import decide
from defib.core.guard import refuse
from defib.core.guards.question import Question
from defib.core.incident import NoticeKind
from defib.core.model import Cause, Diagnosis, InstanceState, Observation
from defib.core.step import step
from tests.core.facts import NOON, POLICY, SERVICE, after, attempt, case, observed

CODES = ("Server.SpotInstanceShutdown", "Server.SpotInstanceTermination")


def stopped(code: str = CODES[0], lifecycle: str = "spot") -> Observation:
    return observed(state=InstanceState.STOPPED, lifecycle=lifecycle, state_reason_code=code)


@pytest.mark.parametrize("code", CODES)
def test_what_ec2_interrupted_is_left_to_ec2(code: str) -> None:
    so_far = case(attempt(Action.EVIDENCE))

    decision = decide(so_far, stopped(code), Diagnosis(Cause.STOPPED_UNASKED, NOON, ()), POLICY, after(minutes=1))

    assert isinstance(decision, Hold)
    assert decision.guard == "spot_interrupted"
    assert code in decision.reason


def test_an_on_demand_instance_that_stops_is_started() -> None:
    so_far = case(attempt(Action.EVIDENCE))
    facts = stopped("Server.InternalError", lifecycle="")

    decision = decide(so_far, facts, Diagnosis(Cause.STOPPED_UNASKED, NOON, ()), POLICY, after(minutes=1))

    assert isinstance(decision, Act)
    assert decision.action is Action.START


def test_it_is_said_once_however_long_ec2_takes() -> None:
    now: Case = case(attempt(Action.EVIDENCE), cause=Cause.STOPPED_UNASKED)
    incident, told = None, []
    for hours in range(30):
        next_one, _ = step(now, stopped(), POLICY, after(hours=hours, minutes=1))
        incident, notices = announce(incident, now, next_one, POLICY, after(hours=hours, minutes=1))
        told += [notice.kind for notice in notices]
        now = replace(next_one, look_again_at=None)

    assert told.count(NoticeKind.HELD) == 1
    assert NoticeKind.ESCALATED not in told


@pytest.mark.parametrize("action", [Action.ENTER_STANDBY, Action.DRAIN, Action.STOP, Action.FORCE_STOP])
def test_a_spot_instance_is_not_stopped(action: Action) -> None:
    refusal = refuse(Question(action, case(), observed(lifecycle="spot"), SERVICE, POLICY, NOON))

    assert refusal is not None
    assert "one-time request can't be stopped" in refusal.reason


@pytest.mark.parametrize("action", [Action.REBOOT, Action.REPLACE])
def test_a_spot_instance_may_be_rebooted_and_replaced_by_its_group(action: Action) -> None:
    assert refuse(Question(action, case(), observed(lifecycle="spot"), SERVICE, POLICY, NOON)) is None
