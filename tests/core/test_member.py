"""Members of Auto Scaling groups, and what others own: left to them, rebooted, or replaced by their group."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.announce import announce, under_repair
from defib.core.case import Action, Close, Escalate, Hold, Outcome, Wait
from defib.core.guard import refuse
from defib.core.guards.ownership import CLUSTER_TAG, OWNERS
from defib.core.guards.question import Question
from defib.core.member import await_replacement
from defib.core.membership import GroupMember
from defib.core.model import (
    Cause,
    InstanceState,
    Verdict,
)
from defib.core.stack import Stack
from defib.core.step import step
from defib.core.words import brief_plan, plan
from tests.core.facts import NOON, POLICY, SERVICE, after, attempt, case, observed, policy
from tests.core.members import EVIDENCE, SICK, action_of, decided, member


@pytest.mark.parametrize("tag", [*OWNERS, f"{CLUSTER_TAG}shop"])
def test_whoever_owns_it_is_named_with_the_tag(tag: str) -> None:
    facts = observed(tags={"service": "web", "self-heal": "true", tag: "shop"})

    refusal = refuse(Question(Action.REBOOT, case(), facts, SERVICE, POLICY, NOON))

    assert refusal is not None
    assert refusal.guard == "owned_by_others"
    assert f"it belongs to {OWNERS.get(tag, 'Kubernetes')} (tag {tag}=shop)" in refusal.reason


def test_what_aws_batch_has_launched_is_left_to_it() -> None:
    facts = observed(tags={"service": "web", "self-heal": "true", "AWSBatchServiceTag": "batch"})

    refusal = refuse(Question(Action.STOP, case(), facts, SERVICE, POLICY, NOON))

    assert refusal is not None
    assert "it belongs to AWS Batch (tag AWSBatchServiceTag=batch), so hands off" in refusal.reason


def test_a_compute_node_of_a_cluster_of_jobs_is_left_to_it_and_its_head_node_is_not() -> None:
    ours = {"service": "web", "self-heal": "true", "parallelcluster:cluster-name": "hpc"}
    compute = {**ours, "parallelcluster:node-type": "Compute", "parallelcluster:queue-name": "gpu"}
    head = {**ours, "parallelcluster:node-type": "HeadNode"}

    of_pcs = {"service": "web", "self-heal": "true", "aws:pcs:compute-node-group-id": "pcs_gpu"}
    held = [
        refuse(Question(Action.STOP, case(), observed(tags=tags), SERVICE, POLICY, NOON))
        for tags in (compute, of_pcs, head)
    ]

    assert [refusal and refusal.reason.partition(" (")[0] for refusal in held] == [
        "it belongs to AWS ParallelCluster",
        "it belongs to AWS PCS",
        None,
    ]


def test_by_default_a_member_is_left_to_its_group() -> None:
    decision = decided(case(EVIDENCE), member(), GroupMember.LEAVE)

    assert isinstance(decision, Hold)
    assert decision.guard == "group_member"


@pytest.mark.parametrize("cause", [Cause.SYSTEM_IMPAIRED, Cause.EBS_IMPAIRED, Cause.DEAD_ON_ARRIVAL])
def test_a_member_is_replaced_where_only_another_host_would_help(cause: Cause) -> None:
    assert action_of(decided(case(EVIDENCE), member(), GroupMember.REPLACE, cause)) is Action.REPLACE


def test_a_member_is_rebooted_before_it_is_replaced() -> None:
    rebooted = case(EVIDENCE, attempt(Action.REBOOT))

    assert action_of(decided(case(EVIDENCE), member(), GroupMember.REPLACE, Cause.INSTANCE_IMPAIRED)) is Action.REBOOT
    assert action_of(decided(rebooted, member(), GroupMember.REPLACE, Cause.INSTANCE_IMPAIRED)) is Action.REPLACE


def test_a_stopped_member_is_replaced_rather_than_started() -> None:
    stopped = member(state=InstanceState.STOPPED, state_reason_code="Server.InternalError")

    assert action_of(decided(case(EVIDENCE), stopped, GroupMember.REPLACE, Cause.STOPPED_UNASKED)) is Action.REPLACE


def test_even_where_members_are_healed_in_standby_one_dead_on_arrival_is_replaced() -> None:
    assert action_of(decided(case(EVIDENCE), member(), GroupMember.STANDBY, Cause.DEAD_ON_ARRIVAL)) is Action.REPLACE


@pytest.mark.parametrize("how", list(GroupMember))
def test_one_dead_on_arrival_that_stands_alone_is_restarted(how: GroupMember) -> None:
    alone = observed(checks=SICK)

    assert action_of(decided(case(EVIDENCE), alone, how, Cause.DEAD_ON_ARRIVAL)) is Action.STOP


def test_when_its_group_has_terminated_it_the_case_closes_as_replaced() -> None:
    asked = case(EVIDENCE, attempt(Action.REPLACE))

    waiting = decided(asked, member(), GroupMember.REPLACE)
    closed = decided(asked, member(), GroupMember.REPLACE, Cause.TERMINATED)

    assert isinstance(waiting, Wait)
    assert closed == Close(Outcome.REPLACED, "its Auto Scaling group web-asg terminates it and launches another")


@pytest.mark.parametrize("cause", [Cause.HEALTHY, Cause.STOPPED_BY_PERSON, Cause.INITIALIZING, Cause.SYSTEM_IMPAIRED])
def test_what_is_about_to_be_replaced_is_not_called_healed(cause: Cause) -> None:
    asked = case(EVIDENCE, attempt(Action.REPLACE))

    assert isinstance(decided(asked, member(), GroupMember.REPLACE, cause), Wait)


@pytest.mark.parametrize(
    ("cause", "minutes", "lost", "expected"),
    [
        (Cause.SYSTEM_IMPAIRED, 5, 1, Action.REPLACE),
        (Cause.SYSTEM_IMPAIRED, 0, 1, None),
        (Cause.HEALTHY, 5, 1, None),
        (Cause.SYSTEM_IMPAIRED, 5, 2, None),
    ],
    ids=["nothing came of it", "it has had no time to show", "it works again", "it was asked twice"],
)
def test_a_group_that_has_perhaps_not_heard_is_told_once_more(
    cause: Cause, minutes: int, lost: int, expected: Action | None
) -> None:
    perhaps = replace(attempt(Action.REPLACE, verdict=Verdict.LOST), claimed_at=NOON)

    decision = decided(case(EVIDENCE, *(perhaps,) * lost), member(), GroupMember.REPLACE, cause, minutes)

    assert action_of(decision) is expected
    assert isinstance(decision, Wait) == (expected is None)


def test_a_group_that_does_not_replace_it_is_peoples_business() -> None:
    decision = decided(case(EVIDENCE, attempt(Action.REPLACE)), member(), GroupMember.REPLACE, minutes=20)

    assert isinstance(decision, Escalate)
    assert "activity history of Auto Scaling group web-asg" in decision.ask
    assert "suspended" not in decision.reason + decision.ask


def test_what_people_have_in_hand_is_waited_for_no_more_though_its_group_was_to_replace_it() -> None:
    theirs = replace(case(EVIDENCE, attempt(Action.REPLACE)), group="web-asg", handed_over_at=after(minutes=20))

    assert await_replacement(theirs, member(), Cause.SYSTEM_IMPAIRED, POLICY, after(minutes=25)) is None


def test_a_process_that_somebody_has_suspended_is_named_to_people() -> None:
    paused = member()
    assert paused.membership is not None
    paused = replace(paused, membership=replace(paused.membership, suspended=("AZRebalance", "ReplaceUnhealthy")))

    decision = decided(case(EVIDENCE, attempt(Action.REPLACE)), paused, GroupMember.REPLACE, minutes=20)

    assert isinstance(decision, Escalate)
    assert decision.reason.endswith("does not replace it: ReplaceUnhealthy is suspended")
    assert decision.ask == "Resume ReplaceUnhealthy of Auto Scaling group web-asg."


@pytest.mark.parametrize(
    ("lifecycle", "minutes", "waits"),
    [
        ("Terminating", 20, True),
        ("Terminating:Wait", 20, True),
        ("Terminating:Wait", 119, True),
        ("Terminating:Wait", 120, False),
        ("Terminating:Proceed", 20, True),
        ("Terminating:Retained", 20, False),
        ("InService", 20, False),
    ],
)
def test_one_that_its_group_is_terminating_has_time_for_a_lifecycle_hook(
    lifecycle: str, minutes: float, waits: bool
) -> None:
    asked = case(EVIDENCE, attempt(Action.REPLACE))

    decision = decided(asked, member(lifecycle), GroupMember.REPLACE, minutes=minutes)

    assert isinstance(decision, Wait if waits else Escalate)
    assert isinstance(decision, Wait) or ("lifecycle hook" in decision.ask) == lifecycle.endswith(":Wait")


@pytest.mark.parametrize(("minutes", "others_go_on"), [(5, False), (20, True)])
def test_while_a_lifecycle_hook_is_waited_for_others_of_the_service_go_on_and_nobody_hears_of_it(
    minutes: float, others_go_on: bool
) -> None:
    ordered = case(EVIDENCE, attempt(Action.REPLACE, verdict=None), group="web-asg")
    incident, _ = announce(None, replace(ordered, confirmed_at=None), ordered, POLICY, NOON)
    asked = case(EVIDENCE, attempt(Action.REPLACE), group="web-asg")

    leaving, _ = step(
        asked, member("Terminating:Wait"), policy(group_member=GroupMember.REPLACE), after(minutes=minutes)
    )
    incident, notices = announce(incident, asked, leaving, POLICY, after(minutes=minutes))
    stack = Stack().after(ordered, NOON).after(leaving, after(minutes=minutes))

    assert (under_repair(incident, "i-0bb2-1") == ()) is others_go_on
    assert (leaving.held_by, notices) == ("", ())
    assert stack.under_repair("i-0bb2-1") == 1


def test_what_its_group_takes_hours_to_terminate_is_done_with_until_defib_acts_on_it_again() -> None:
    replaces, perhaps = policy(group_member=GroupMember.REPLACE), attempt(Action.REPLACE, verdict=Verdict.LOST)
    leaving = case(EVIDENCE, attempt(Action.REPLACE), group="web-asg", idle=True)
    unheard = case(EVIDENCE, replace(perhaps, claimed_at=NOON), group="web-asg", idle=True)

    asks, _ = step(leaving, member("Terminating:Wait"), replaces, after(minutes=120))
    again, _ = step(unheard, member(), replaces, after(minutes=5))

    assert (asks.handed_over_at, asks.idle) == (after(minutes=120), True)
    assert again.intent is not None
    assert (again.intent.action, again.idle) == (Action.REPLACE, False)


def test_termination_that_nobody_asked_of_the_group_is_not_called_a_replacement() -> None:
    decision = decided(case(EVIDENCE), member(), GroupMember.REPLACE, Cause.TERMINATED)

    assert decision == Close(Outcome.TERMINATED, "it has been terminated")


@pytest.mark.parametrize(
    ("how", "cause", "words", "brief"),
    [
        (GroupMember.LEAVE, Cause.SYSTEM_IMPAIRED, "leaves it to its Auto Scaling group web-asg", "Leaving it"),
        (GroupMember.REPLACE, Cause.SYSTEM_IMPAIRED, "has its Auto Scaling group web-asg replace it", "replaced"),
        (GroupMember.STANDBY, Cause.SYSTEM_IMPAIRED, "in Standby meanwhile", "another host"),
        (GroupMember.STANDBY, Cause.DEAD_ON_ARRIVAL, "has its Auto Scaling group web-asg replace it", "replaced"),
    ],
)
def test_people_hear_what_will_be_done_to_a_member(how: GroupMember, cause: Cause, words: str, brief: str) -> None:
    limits = policy(group_member=how)
    sick = case(group="web-asg", cause=cause)

    assert words in plan(sick, limits.services[0], limits)
    assert brief in brief_plan(sick, limits.services[0], limits)


@pytest.mark.parametrize("how", [*GroupMember])
@pytest.mark.parametrize("lifecycle", ["Warmed", "Warmed:Running", "Warmed:Stopped"])
def test_what_is_in_a_warm_pool_is_left_to_its_group(how: GroupMember, lifecycle: str) -> None:
    decision = decided(case(EVIDENCE), member(lifecycle), how, Cause.INSTANCE_IMPAIRED)

    assert isinstance(decision, Hold)
    assert (decision.guard, "in the warm pool of its Auto Scaling group web-asg" in decision.reason) == (
        "group_state",
        True,
    )


@pytest.mark.parametrize("how", [*GroupMember])
def test_one_that_its_group_terminates_by_itself_is_waited_for(how: GroupMember) -> None:
    failed = case(EVIDENCE, confirmed_at=NOON, confirmed_cause=Cause.STOPPED_UNASKED)
    leaving = member("Terminating:Wait")

    soon = decided(failed, leaving, how, Cause.STOPPED_UNASKED, minutes=60)
    late = decided(failed, leaving, how, Cause.STOPPED_UNASKED, minutes=121)

    assert isinstance(soon, Wait)
    assert (soon.idle, "terminating it by itself" in soon.reason) == (True, True)
    assert not isinstance(late, Wait)
