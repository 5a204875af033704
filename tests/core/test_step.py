"""The reducer: what it remembers, what it asks for, and that it asks for nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.case import Act, Action, Case, Outcome
from defib.core.diagnose import diagnose
from defib.core.effect import Effect, Perform, Wake
from defib.core.model import (
    Cause,
    Checks,
    InstanceState,
    Observation,
    Registration,
    Result,
    Source,
    Target,
    TargetHealth,
    Verdict,
)
from defib.core.policy import Mode
from defib.core.step import intent_deadline, open_case, recheck, step
from defib.core.traits import Traits
from tests.core.facts import (
    INITIALIZING,
    NOON,
    OK,
    POLICY,
    SERVICE,
    WEB,
    after,
    attempt,
    case,
    impaired,
    observed,
    policy,
    target,
)

BAD = Checks(OK, impaired(after(minutes=-5)))
EVIDENCE = attempt(Action.EVIDENCE)


def stepped(so_far: Case, facts: Observation, now: datetime = NOON) -> tuple[Case, tuple[Effect, ...]]:
    return step(so_far, replace(facts, observed_at=now), POLICY, now)


def fresh(facts: Observation) -> Case:
    return open_case(Source.SWEEP, facts, SERVICE, None, NOON)


def test_an_act_is_an_intent_an_order_and_a_wake_up() -> None:
    after_step, effects = stepped(case(EVIDENCE), observed(checks=BAD))

    assert after_step.intent is not None
    assert after_step.intent.action is Action.REBOOT
    assert after_step.intent.intended_at == NOON
    assert effects == (
        Perform("i-0aa1-1", "i-0aa1", 2, Action.REBOOT),
        Wake("i-0aa1", NOON + POLICY.repair.act_timeout),
    )


def test_the_same_look_twice_changes_nothing_and_asks_for_nothing() -> None:
    facts = observed(checks=BAD)
    waiting, _ = stepped(case(EVIDENCE, attempt(Action.REBOOT, after(minutes=-1))), facts)

    again, effects = stepped(waiting, facts, after(seconds=5))

    assert again == waiting
    assert effects == ()


def test_a_look_that_is_due_asks_for_the_next_one() -> None:
    facts = observed(checks=BAD)
    waiting, _ = stepped(case(EVIDENCE, attempt(Action.REBOOT, after(minutes=-1))), facts)

    again, effects = stepped(waiting, facts, after(seconds=15))

    assert effects == (Wake("i-0aa1", after(seconds=30)),)
    assert again.look_again_at == after(seconds=30)


def test_nothing_is_decided_while_an_intent_is_under_way() -> None:
    pending = case(EVIDENCE, attempt(Action.REBOOT, verdict=None), look_again_at=after(seconds=60))

    assert stepped(pending, observed(checks=BAD), after(seconds=30)) == (pending, ())


def test_an_intent_taken_up_late_is_given_its_time() -> None:
    claimed = replace(attempt(Action.REBOOT, verdict=None), claimed_at=after(seconds=30))
    pending = case(EVIDENCE, claimed, look_again_at=after(seconds=60))

    still, effects = stepped(pending, observed(checks=BAD), after(seconds=60))

    assert still.intent is not None
    assert effects == (Wake("i-0aa1", after(seconds=90)),)


def test_an_intent_without_a_result_is_lost_and_decided_afresh_on_what_is_seen_now() -> None:
    pending = case(EVIDENCE, attempt(Action.REBOOT, verdict=None))

    healthy_again, _ = stepped(pending, observed(), after(seconds=60))
    assert healthy_again.attempts[-1].result is not None
    assert healthy_again.attempts[-1].result.verdict is Verdict.LOST
    assert healthy_again.intent is None

    still_failing, _ = stepped(pending, observed(checks=BAD), after(seconds=90))
    assert still_failing.attempts[1].result is not None
    assert "trying again" in still_failing.reason


def test_a_hung_capture_of_evidence_does_not_hold_up_the_repair() -> None:
    pending = case(attempt(Action.EVIDENCE, verdict=None))
    late = NOON + POLICY.repair.evidence_timeout

    going_on, _ = stepped(pending, observed(checks=BAD), late)

    assert going_on.intent is not None
    assert going_on.intent.action is Action.REBOOT
    assert intent_deadline(pending.attempts[0], POLICY.repair) == late


def test_a_failure_is_confirmed_when_it_has_outlived_patience() -> None:
    facts = observed(checks=Checks(OK, impaired(NOON)))
    opened, effects = stepped(fresh(facts), facts)
    assert opened.confirmed_at is None
    assert effects == (Wake("i-0aa1", after(seconds=60)),)

    confirmed, _ = stepped(opened, facts, after(seconds=60))
    assert confirmed.confirmed_at == after(seconds=60)
    assert confirmed.confirmed_cause is Cause.INSTANCE_IMPAIRED
    assert confirmed.failing_since == NOON


def test_a_failure_that_goes_away_in_time_is_never_confirmed() -> None:
    facts = observed(checks=Checks(OK, impaired(NOON)))
    opened = replace(stepped(fresh(facts), facts)[0], version=1)
    well, _ = stepped(opened, observed(), after(seconds=60))
    closed, effects = stepped(well, observed(), after(seconds=90))

    assert closed.confirmed_at is None
    assert closed.outcome is Outcome.RECOVERED
    assert effects == ()


def test_health_must_last_without_a_break() -> None:
    well, _ = stepped(case(EVIDENCE, attempt(Action.REBOOT, after(minutes=-1))), observed())
    assert well.healthy_since == NOON

    relapsed, _ = stepped(well, observed(checks=BAD), after(seconds=15))
    assert relapsed.healthy_since is None

    well_again, _ = stepped(relapsed, observed(), after(seconds=30))
    assert well_again.healthy_since == after(seconds=30)
    assert well_again.closed_at is None


def test_a_target_still_being_checked_is_not_yet_health() -> None:
    started = case(EVIDENCE, attempt(Action.START, after(minutes=-2)))
    waiting, _ = stepped(started, observed(targets=(target(TargetHealth.INITIAL),)))

    assert waiting.healthy_since is None


def test_what_is_not_known_to_survive_a_stop_is_not_even_drained_for_one_and_people_hear_why() -> None:
    """Should a stop come that did not seem near when the instance was looked at, nobody has asked what it destroys."""
    rebooted = case(EVIDENCE, attempt(Action.REBOOT, after(minutes=-4)))
    facts = observed(checks=BAD, targets=(target(TargetHealth.UNHEALTHY),), traits=Traits())

    held, effects = stepped(rebooted, facts)

    assert (held.held_by, held.intent) == ("traits_unread", None)
    assert "it has not been asked yet" in held.reason
    assert [type(effect) for effect in effects] == [Wake]


def test_what_works_again_by_itself_has_its_load_balancers_time_however_old_its_case_is() -> None:
    """Nobody is called in the moment in which it begins to work: somebody has mended it, or registered it anew."""
    old = case(EVIDENCE, opened_at=after(minutes=-90), since=after(minutes=-90), held_by="kill_switch")
    joining = observed(targets=(target(TargetHealth.INITIAL),))

    back, _ = stepped(old, joining)
    waiting, _ = stepped(back, joining, after(minutes=9))
    given_up, _ = stepped(waiting, joining, NOON + SERVICE.verify.timeout)

    assert (back.handed_over_at, waiting.handed_over_at) == (None, None)
    assert given_up.handed_over_at == NOON + SERVICE.verify.timeout


def test_draining_remembers_what_must_be_put_back() -> None:
    rebooted = case(EVIDENCE, attempt(Action.REBOOT, after(minutes=-4)))
    facts = observed(
        checks=BAD, targets=(target(TargetHealth.UNHEALTHY), target(TargetHealth.HEALTHY, manageable=False))
    )

    draining, _ = stepped(rebooted, facts)

    assert draining.registrations == (WEB,)
    assert not draining.drained_serving


def test_draining_remembers_whether_requests_may_be_open() -> None:
    rebooted = case(EVIDENCE, attempt(Action.REBOOT, after(minutes=-4)))

    draining, _ = stepped(rebooted, observed(checks=BAD, targets=(target(TargetHealth.HEALTHY),)))

    assert draining.drained_serving


@pytest.mark.parametrize("taken", [Verdict.DONE, Verdict.LOST])
def test_draining_again_forgets_nothing_of_what_was_taken_before(taken: Verdict) -> None:
    first = replace(attempt(Action.DRAIN, after(minutes=-1), taken), claimed_at=after(minutes=-1))
    half_out = case(EVIDENCE, attempt(Action.REBOOT, after(minutes=-9)), first, registrations=(WEB,))
    half_out = replace(half_out, drained_serving=True)
    api = Registration(WEB.target_group_arn.replace("/web/", "/api/"), 8080)

    draining, _ = stepped(half_out, observed(checks=BAD, targets=(Target(api, TargetHealth.UNHEALTHY),)))

    assert draining.registrations == (WEB, api)
    assert draining.drained_serving


def test_draining_again_after_it_was_put_back_remembers_where_it_is_now() -> None:
    before = (attempt(Action.DRAIN, after(minutes=-30)), attempt(Action.START, after(minutes=-25)))
    back = case(EVIDENCE, *before, attempt(Action.RESTORE, after(minutes=-20)), registrations=(WEB,))
    api = Registration(WEB.target_group_arn.replace("/web/", "/api/"), 8080)

    draining, _ = stepped(back, observed(checks=BAD, targets=(Target(api, TargetHealth.UNHEALTHY),)))

    assert draining.registrations == (api,), "people have taken it out of web since"


def test_handing_over_confirms_and_says_what_to_do() -> None:
    stuck = case(EVIDENCE, confirmed_at=None, confirmed_cause=None)
    facts = observed(state=InstanceState.PENDING, launched_at=after(minutes=-6))

    handed, effects = stepped(stuck, facts)

    assert handed.handed_over_at == NOON
    assert handed.confirmed_at == NOON
    assert handed.ask
    assert effects == (Wake("i-0aa1", NOON + POLICY.repair.hold),)


def test_people_are_told_of_a_guard_once() -> None:
    limits = policy(mode=Mode.OBSERVE)
    held, _ = step(case(EVIDENCE), observed(checks=BAD), limits, NOON)
    later, _ = step(held, observed(checks=BAD), limits, after(minutes=1))

    assert held.held_by == "observe_mode"
    assert held.held_action is Action.REBOOT
    assert later.told_of == held.told_of == ("observe_mode",)


def test_a_result_of_another_attempt_changes_nothing() -> None:
    pending = case(EVIDENCE, attempt(Action.REBOOT, verdict=None))

    assert pending.with_result(Result("i-0aa1-1", 1, Verdict.DONE, NOON)) == pending
    assert pending.with_result(Result("i-0aa1-9", 2, Verdict.DONE, NOON)) == pending
    assert pending.with_result(Result("i-0aa1-1", 2, Verdict.DONE, NOON)).intent is None


def test_the_recheck_repeats_the_decision_while_the_world_stands_still_and_drops_it_when_it_moved() -> None:
    ordered, _ = stepped(case(EVIDENCE), observed(checks=BAD))

    same = recheck(ordered, observed(checks=BAD), POLICY, after(seconds=2))
    assert isinstance(same, Act)
    assert same.action is Action.REBOOT

    moved = recheck(ordered, observed(), POLICY, after(seconds=2))
    assert not isinstance(moved, Act)


def test_a_case_is_dated_from_its_first_failure_even_when_the_cause_changes() -> None:
    so_far = case(EVIDENCE, failing_since=after(minutes=-5))
    changed, _ = stepped(so_far, observed(checks=Checks(impaired(after(minutes=-1)), OK)))

    assert changed.cause is Cause.SYSTEM_IMPAIRED
    assert changed.failing_since == after(minutes=-5)
    assert changed.since == after(minutes=-1)


def test_every_decision_but_the_last_says_when_to_look_again() -> None:
    for facts in (observed(), observed(checks=BAD), observed(checks=None), observed(state=InstanceState.STOPPING)):
        stepped_case, _ = stepped(case(EVIDENCE), facts)
        assert stepped_case.reason
        assert stepped_case.look_again_at is not None
        assert stepped_case.look_again_at - NOON <= timedelta(minutes=10)


def test_the_case_after_one_that_gave_way_goes_on_with_its_count_of_a_boot() -> None:
    facts = observed(checks=Checks(INITIALIZING, INITIALIZING))
    boots = case(cause=Cause.INITIALIZING, evidence=("status checks initializing",), since=after(minutes=-11))
    late = diagnose(facts, boots, POLICY, NOON)
    gave_way = replace(
        boots, cause=late.cause, evidence=late.evidence, outcome=Outcome.GAVE_WAY, closed_at=after(seconds=-5)
    )

    follows = open_case(Source.WAKE, facts, SERVICE, gave_way, NOON)

    assert diagnose(facts, follows, POLICY, NOON) == late
