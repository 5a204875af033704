"""What others do in the middle of a repair is noticed, and never fought."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Escalate, Outcome, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.interference import meddled, started_by_others
from defib.core.model import Cause, Checks, InstanceState, Observation, TargetHealth, Verdict
from defib.core.step import step
from tests.core.facts import HARMLESS, NOON, OK, POLICY, WEB, after, attempt, case, impaired, observed, policy, target

REPAIR = POLICY.repair
BAD = Checks(OK, impaired(after(minutes=-5)))
EVIDENCE = attempt(Action.EVIDENCE)
EARLIER = after(minutes=-20)
"""When the case was opened."""


def decided(so_far: Case, facts: Observation) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, POLICY, NOON), POLICY, NOON)


def pending(action: Action, at: datetime) -> Attempt:
    return attempt(action, at, verdict=None)


STARTS = [
    ("before the case", (), after(days=-1), False),
    ("in the second before the case", (), after(minutes=-20, seconds=-1), False),
    ("in the second of the case", (), after(minutes=-20), True),
    ("nobody of ours", (), after(minutes=-6), True),
    ("after our own stop", (attempt(Action.STOP, after(minutes=-8)),), after(minutes=-6), True),
    ("our start", (attempt(Action.START, after(minutes=-6)),), after(minutes=-6), False),
    (
        "ours, dated to the whole second",
        (attempt(Action.START, after(minutes=-6, milliseconds=700)),),
        after(minutes=-6),
        False,
    ),
    (
        "ours, of which no answer came",
        (replace(attempt(Action.START, after(minutes=-6), Verdict.LOST), claimed_at=after(minutes=-6)),),
        after(minutes=-6),
        False,
    ),
    (
        "ours, which nobody took up in time",
        (attempt(Action.START, after(minutes=-6), Verdict.LOST),),
        after(minutes=-6),
        True,
    ),
    ("ours, still under way", (pending(Action.START, after(minutes=-6)),), after(minutes=-6, seconds=40), False),
    ("one that AWS refused us", (attempt(Action.START, after(minutes=-6), Verdict.RETRY),), after(minutes=-5), True),
    ("long after our start", (attempt(Action.START, after(minutes=-9)),), after(minutes=-6), True),
    ("before our start", (attempt(Action.START, after(minutes=-5)),), after(minutes=-6), True),
]


@pytest.mark.parametrize(("story", "attempts", "launched", "foreign"), STARTS, ids=[row[0] for row in STARTS])
def test_a_start_that_no_act_of_defibs_explains_is_anothers(
    story: str, attempts: tuple[Attempt, ...], launched: datetime, foreign: bool
) -> None:
    so_far = case(*attempts, opened_at=EARLIER + timedelta(milliseconds=800))

    assert (started_by_others(so_far, observed(launched_at=launched), REPAIR) is not None) is foreign


def test_one_that_somebody_else_started_is_not_stopped_again_but_handed_over() -> None:
    so_far = case(EVIDENCE, attempt(Action.STOP, after(minutes=-15)), opened_at=EARLIER)
    decision = decided(so_far, observed(checks=BAD, launched_at=after(minutes=-12)))

    assert isinstance(decision, Escalate)
    assert "somebody else started it at 11:48:00 UTC" in decision.reason


def test_one_that_only_looks_started_by_defib_is_stopped_again() -> None:
    so_far = case(
        EVIDENCE, attempt(Action.STOP, after(minutes=-15)), attempt(Action.START, after(minutes=-12)), opened_at=EARLIER
    )

    assert isinstance(decided(so_far, observed(checks=BAD, launched_at=after(minutes=-12))), Act)


def test_one_already_handed_over_stays_with_people() -> None:
    so_far = case(EVIDENCE, opened_at=EARLIER, handed_over_at=after(minutes=-10))

    assert isinstance(decided(so_far, observed(checks=BAD, launched_at=after(minutes=-12))), Wait)


def test_one_that_works_since_somebody_elses_start_is_not_called_defibs_cure() -> None:
    so_far = case(
        EVIDENCE, attempt(Action.REBOOT, after(minutes=-15)), opened_at=EARLIER, healthy_since=after(minutes=-5)
    )
    decision = decided(so_far, observed(launched_at=after(minutes=-12)))

    assert isinstance(decision, Close)
    assert decision.outcome is Outcome.RECOVERED
    assert "somebody else started it" in decision.reason


def test_what_defib_drained_it_registers_again_whoever_started_it() -> None:
    drained = attempt(Action.DRAIN, after(minutes=-15))
    so_far = case(EVIDENCE, drained, opened_at=EARLIER, registrations=(WEB,))
    decision = decided(so_far, observed(launched_at=after(minutes=-12), targets=(target(TargetHealth.UNUSED),)))

    assert isinstance(decision, Act)
    assert decision.action is Action.RESTORE


REGISTRATIONS = [
    ("somebody registered it again", after(seconds=-50), TargetHealth.HEALTHY, True),
    ("where the group has no health checks", after(seconds=-50), TargetHealth.UNAVAILABLE, True),
    ("load balancers' answers lag", after(seconds=-10), TargetHealth.HEALTHY, False),
    ("it still drains", after(seconds=-50), TargetHealth.DRAINING, False),
    ("drained", after(seconds=-50), TargetHealth.UNUSED, False),
]


@pytest.mark.parametrize(("story", "drained", "health", "foreign"), REGISTRATIONS, ids=[r[0] for r in REGISTRATIONS])
def test_one_registered_again_after_defib_drained_it_is_not_stopped(
    story: str, drained: datetime, health: TargetHealth, foreign: bool
) -> None:
    so_far = case(EVIDENCE, attempt(Action.DRAIN, drained), registrations=(WEB,))

    said = meddled(so_far, observed(checks=BAD, targets=(target(health),)), Action.STOP, REPAIR, NOON)

    assert ("registered it again in web" in said) is foreign


REBOOTED = attempt(Action.REBOOT, after(minutes=-9))


def test_one_registered_again_is_not_drained_again_but_left_to_people() -> None:
    so_far = case(EVIDENCE, REBOOTED, attempt(Action.DRAIN, after(seconds=-50)), registrations=(WEB,))

    decision = decided(so_far, observed(checks=BAD, targets=(target(TargetHealth.HEALTHY),)))

    assert isinstance(decision, Escalate)
    assert "somebody else registered it again in web" in decision.reason


def test_a_drain_of_which_nothing_was_heard_is_tried_again_and_nobody_is_blamed() -> None:
    lost = replace(attempt(Action.DRAIN, after(seconds=-50), Verdict.LOST), claimed_at=after(seconds=-55))
    so_far = case(EVIDENCE, REBOOTED, lost, registrations=(WEB,))

    decision = decided(so_far, observed(checks=BAD, targets=(target(TargetHealth.HEALTHY),)))

    assert isinstance(decision, Act)
    assert decision.action is Action.DRAIN


def test_where_it_was_registered_after_the_drain_was_decided_is_drained_too() -> None:
    so_far = case(EVIDENCE, REBOOTED, attempt(Action.DRAIN, after(seconds=-50)), registrations=())

    decision = decided(so_far, observed(checks=BAD, targets=(target(TargetHealth.HEALTHY),)))

    assert isinstance(decision, Act)
    assert decision.action is Action.DRAIN


def test_what_defib_has_registered_again_itself_is_no_interference() -> None:
    drained, restored = attempt(Action.DRAIN, after(minutes=-9)), attempt(Action.RESTORE, after(minutes=-5))
    so_far = case(EVIDENCE, drained, restored, registrations=(WEB,))

    said = meddled(so_far, observed(checks=BAD, targets=(target(TargetHealth.HEALTHY),)), Action.STOP, REPAIR, NOON)

    assert said == ""


def test_a_persons_stop_in_the_middle_is_still_a_persons_wish() -> None:
    stopped = observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown")
    decision = decided(replace(case(EVIDENCE, attempt(Action.REBOOT, NOON - timedelta(minutes=1)))), stopped)

    assert isinstance(decision, Close)
    assert decision.outcome is Outcome.LEFT_ALONE


def test_one_that_somebody_stops_this_moment_has_no_checks_and_nobody_is_called_for_it() -> None:
    decision = decided(case(EVIDENCE), observed(checks=None))

    assert isinstance(decision, Wait)


def host_failed(minutes: float, **traits: Any) -> Observation:
    since = impaired(after(minutes=-minutes))
    return observed(checks=Checks(since, since), traits=replace(HARMLESS, **traits))


RECOVERIES = [
    ("EC2 may be at it", host_failed(2, auto_recovery=True), True),
    ("it has had its time", host_failed(3.25, auto_recovery=True), False),
    ("it is switched off, or not to be had", host_failed(2), False),
    ("its type has an instance store", host_failed(2, auto_recovery=True, instance_store=True), False),
]


@pytest.mark.parametrize(("story", "facts", "waits"), RECOVERIES, ids=[row[0] for row in RECOVERIES])
def test_a_failed_host_is_left_to_ec2s_own_recovery_where_there_is_one(
    story: str, facts: Observation, waits: bool
) -> None:
    limits = policy(allow_instance_store_loss=True)
    decision = decide(case(EVIDENCE), facts, diagnose(facts, case(EVIDENCE), limits, NOON), limits, NOON)

    assert isinstance(decision, Wait if waits else Act)


@pytest.mark.parametrize(("launched", "waits"), [(2, True), (3.25, False)])
def test_so_is_one_that_was_launched_on_a_failed_host(launched: float, waits: bool) -> None:
    facts = replace(host_failed(launched, auto_recovery=True), launched_at=after(minutes=-launched))
    so_far = case(EVIDENCE, opened_at=after(minutes=-1), cause=Cause.DEAD_ON_ARRIVAL)
    diagnosis = diagnose(facts, so_far, POLICY, NOON)

    assert diagnosis.cause is Cause.DEAD_ON_ARRIVAL
    assert isinstance(decide(so_far, facts, diagnosis, POLICY, NOON), Wait if waits else Act)


def test_a_host_that_fails_and_recovers_without_end_is_handed_over_once_its_repair_is_old() -> None:
    """Each time that its system check passes its instance check is given time to follow: that goes on for so long."""
    so_far, now = case(EVIDENCE, cause=Cause.SYSTEM_IMPAIRED, confirmed_cause=Cause.SYSTEM_IMPAIRED), NOON
    while so_far.handed_over_at is None and now < NOON + POLICY.repair.case_age + timedelta(minutes=5):
        host = impaired(now - timedelta(minutes=2)) if (now - NOON) // timedelta(minutes=2) % 2 else OK
        facts = observed(checks=Checks(host, impaired(after(minutes=-5))), traits=replace(HARMLESS, auto_recovery=True))
        so_far, _ = step(so_far, replace(facts, observed_at=now), POLICY, now)
        now += timedelta(minutes=1)

    assert so_far.handed_over_at is not None
    assert [attempt.action for attempt in so_far.attempts] == [Action.EVIDENCE]


def test_a_failed_system_inside_the_instance_is_never_left_to_ec2() -> None:
    facts = observed(checks=Checks(OK, impaired(after(minutes=-2))), traits=replace(HARMLESS, auto_recovery=True))

    assert isinstance(decided(case(EVIDENCE), facts), Act)
