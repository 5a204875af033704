"""What a stop would destroy, or not cure: what the operator allows is not refused, nor what does no harm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.case import Action, Case
from defib.core.guard import refuse as refuse_question
from defib.core.guards.placement import dedicated_host
from defib.core.guards.question import Question, Refusal
from defib.core.model import Cause, Checks, Event, Observation, TargetHealth
from defib.core.policy import Service
from tests.core.facts import NOON, OK, POLICY, SERVICE, after, attempt, case, impaired, policy, special, target

ADDRESS = special(auto_public_ip="203.0.113.25")


def refuse(action: Action, so_far: Case, facts: Observation, limits: Service = SERVICE) -> Refusal | None:
    return refuse_question(Question(action, so_far, facts, limits, POLICY, NOON))


@pytest.mark.parametrize(
    ("facts", "allowing"),
    [
        (ADDRESS, {"allow_public_ip_change": True}),
        (special(instance_store=True), {"allow_instance_store_loss": True}),
        (special(windows=True), {"allow_windows_force_stop": True}),
        (replace(ADDRESS, targets=(target(TargetHealth.UNHEALTHY),)), {}),
        (special(hibernation=True, placement_group="hpc"), {}),
    ],
    ids=["address allowed", "data allowed", "Windows allowed", "behind a load balancer", "what forbids no stop"],
)
@pytest.mark.parametrize("action", [Action.DRAIN, Action.STOP, Action.FORCE_STOP])
def test_what_the_operator_allows_or_what_does_no_harm_is_not_refused(
    facts: Observation, allowing: dict[str, bool], action: Action
) -> None:
    assert refuse(action, case(), facts, policy(**allowing).services[0]) is None


def test_a_target_group_that_no_load_balancer_uses_keeps_no_address() -> None:
    unused = replace(ADDRESS, targets=(target(TargetHealth.UNUSED),))
    taken_out = case(attempt(Action.DRAIN), registrations=(target(TargetHealth.HEALTHY).registration,))

    refusal = refuse(Action.STOP, case(), unused)
    assert refusal is not None
    assert refusal.guard == "public_ip"
    assert refuse(Action.STOP, taken_out, unused) is None, "Defib itself has taken it from its load balancer"


@pytest.mark.parametrize("action", list(Action))
def test_a_failing_dedicated_host_is_not_cured_by_coming_back_to_it(action: Action) -> None:
    refusal = refuse(action, case(cause=Cause.SYSTEM_IMPAIRED), special(dedicated_host="h-0a1"))

    assert (refusal is not None) == (action in (Action.DRAIN, Action.STOP, Action.ENTER_STANDBY))
    assert refusal is None or "h-0a1" in refusal.reason


def test_nor_is_one_that_was_launched_on_a_failing_dedicated_host() -> None:
    failed = replace(special(dedicated_host="h-0a1"), checks=Checks(impaired(), impaired()))

    refusal = refuse(Action.STOP, case(cause=Cause.DEAD_ON_ARRIVAL), failed)

    assert refusal is not None
    assert "its host h-0a1 fails" in refusal.reason


@pytest.mark.parametrize("cause", [Cause.EVENT_SCHEDULED, Cause.INSTANCE_IMPAIRED, Cause.EBS_IMPAIRED])
@pytest.mark.parametrize("action", list(Action))
def test_nor_is_it_stopped_where_aws_is_to_move_it_to_another_host(cause: Cause, action: Action) -> None:
    announced = Checks(OK, OK, events=(Event("instance-reboot", after(days=3)),))
    facts = replace(special(dedicated_host="h-0a1"), checks=announced)

    refusal = dedicated_host(Question(action, case(cause=cause), facts, SERVICE, POLICY, NOON))

    assert (refusal is not None) == (action in (Action.DRAIN, Action.STOP, Action.ENTER_STANDBY))
    assert refusal is None or "leave it to AWS" in refusal.reason


def test_a_fault_inside_an_instance_on_a_dedicated_host_may_be_cured_by_a_stop_and_start() -> None:
    assert refuse(Action.STOP, case(cause=Cause.INSTANCE_IMPAIRED), special(dedicated_host="h-0a1")) is None


@pytest.mark.parametrize("action", [Action.REBOOT, Action.START, Action.RESTORE, Action.EVIDENCE])
def test_nothing_that_a_stop_would_destroy_forbids_what_is_no_stop(action: Action) -> None:
    everything = special(
        auto_public_ip="203.0.113.25", instance_store=True, stop_protected=True, windows=True, unread="AccessDenied"
    )

    assert refuse(action, case(), everything) is None
