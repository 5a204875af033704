"""The application status check during a repair: quiet before anything is taken away, and given back afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Escalate, Hold, Outcome, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.membership import GROUP_TAG, GroupMember, Membership
from defib.core.model import (
    NOT_APPLICABLE,
    Cause,
    Check,
    Checks,
    CheckStatus,
    InstanceState,
    Observation,
    Switch,
    Verdict,
)
from defib.core.policy import ApplicationRemedy, Policy
from defib.core.step import recheck, step
from defib.core.suppression import silenced
from tests.core.facts import INITIALIZING, NOON, OK, POLICY, after, attempt, case, impaired, observed, policy

LONG_AGO = impaired(after(minutes=-6))
SILENT = Check(CheckStatus.SUPPRESSED)
EVIDENCE = attempt(Action.EVIDENCE, after(minutes=-5))
QUIET = attempt(Action.SUPPRESS_CHECK, after(minutes=-5))
REBOOTED = attempt(Action.REBOOT, after(minutes=-5))
RESTARTED = (attempt(Action.STOP, after(minutes=-8)), attempt(Action.START, after(minutes=-7)))
DENIED = attempt(Action.SUPPRESS_CHECK, after(minutes=-1), Verdict.REFUSED, "UnauthorizedOperation")
THROTTLED = attempt(Action.SUPPRESS_CHECK, after(minutes=-1), Verdict.RETRY, "RequestLimitExceeded")
RESUMED = attempt(Action.RESUME_CHECK, after(minutes=-1))
STANDBY, REPLACE = (policy(group_member=how) for how in (GroupMember.STANDBY, GroupMember.REPLACE))
REBOOT, RESTART = (policy(application_down=r) for r in (ApplicationRemedy.REBOOT, ApplicationRemedy.RESTART))


def checked(application: Check = OK, beneath: Check = NOT_APPLICABLE, instance: Check = LONG_AGO) -> Observation:
    """A server whose instance check fails, and what its application status check says."""
    return observed(checks=Checks(OK, instance, application=application, beneath=beneath))


def member(facts: Observation, lifecycle: str = "InService") -> Observation:
    """The same, as a member of a group."""
    place = Membership("web-asg", lifecycle, protected=False, opted_in=True, minimum=2, desired=3, in_service=3)
    return replace(facts, tags={**facts.tags, GROUP_TAG: "web-asg"}, membership=place)


def decided(so_far: Case, facts: Observation, limits: Policy = POLICY, **later: float) -> Decision:
    now = after(**later)
    so_far = replace(so_far, group=facts.group)
    return decide(so_far, facts, diagnose(facts, so_far, limits, now), limits, now)


def action_of(decision: Decision) -> Action | None:
    return decision.action if isinstance(decision, Act) else None


@pytest.mark.parametrize("application", [OK, LONG_AGO, INITIALIZING, Check(CheckStatus.INSUFFICIENT_DATA)])
def test_a_check_that_applies_is_suppressed_before_the_first_act(application: Check) -> None:
    so_far = case(EVIDENCE)

    decision = decided(so_far, member(checked(application)))

    assert isinstance(decision, Act)
    assert decision.action is Action.SUPPRESS_CHECK
    assert "Auto Scaling group web-asg is not to act on its application status check" in decision.reason


def test_where_none_applies_nothing_is_suppressed() -> None:
    assert action_of(decided(case(EVIDENCE), observed(checks=Checks(OK, LONG_AGO)))) is Action.REBOOT


@pytest.mark.parametrize(
    ("so_far", "expected"),
    [
        (None, False),
        (case(EVIDENCE, REBOOTED), False),
        (case(EVIDENCE, attempt(Action.SUPPRESS_CHECK, verdict=None)), True),
        (case(EVIDENCE, QUIET), True),
        (case(EVIDENCE, QUIET, REBOOTED, RESUMED), True),
    ],
    ids=["no case", "never", "perhaps just now", "once", "once, and what EC2 says may lag"],
)
def test_from_its_first_suppression_on_a_repair_looks_beneath(so_far: Case | None, expected: bool) -> None:
    assert silenced(so_far) is expected


def test_what_somebody_else_has_suppressed_is_neither_suppressed_nor_lifted() -> None:
    healed = case(EVIDENCE, REBOOTED, healthy_since=after(minutes=-2))

    assert action_of(decided(case(EVIDENCE), checked(SILENT))) is Action.REBOOT
    assert isinstance(decided(healed, checked(SILENT, instance=OK)), Close)


def test_what_somebody_else_has_suppressed_says_nothing_of_the_application() -> None:
    deployed = checked(SILENT, beneath=LONG_AGO, instance=OK)

    assert diagnose(deployed, case(EVIDENCE), POLICY, NOON).cause is Cause.HEALTHY


@pytest.mark.parametrize(
    ("facts", "limits", "action"),
    [
        (checked(), POLICY, Action.REBOOT),
        (member(checked()), STANDBY, Action.REBOOT),
        (member(observed(checks=Checks(LONG_AGO, LONG_AGO, application=OK))), STANDBY, Action.ENTER_STANDBY),
        (observed(checks=Checks(LONG_AGO, LONG_AGO, application=OK)), POLICY, Action.STOP),
    ],
)
def test_once_it_is_quiet_the_repair_goes_on(facts: Observation, limits: Policy, action: Action) -> None:
    assert action_of(decided(case(EVIDENCE), facts, limits)) is Action.SUPPRESS_CHECK
    assert action_of(decided(case(EVIDENCE, QUIET), facts, limits)) is action


def test_what_is_to_be_replaced_needs_no_quiet() -> None:
    broken = member(observed(checks=Checks(LONG_AGO, LONG_AGO, application=OK)))

    assert action_of(decided(case(EVIDENCE), broken, REPLACE)) is Action.REPLACE


def test_nothing_is_suppressed_for_an_act_that_a_guard_holds() -> None:
    off = replace(checked(), healing=Switch.OFF)

    decision = decided(case(EVIDENCE), off)

    assert isinstance(decision, Hold)
    assert decision.action is Action.REBOOT


def test_the_suppression_stands_when_it_is_looked_at_again_just_before_it() -> None:
    seen, effects = step(case(EVIDENCE), checked(), POLICY, NOON)

    assert len(effects) == 2
    assert action_of(recheck(seen, checked(), POLICY, after(seconds=1))) is Action.SUPPRESS_CHECK


def test_a_long_repair_suppresses_again_when_the_time_is_over() -> None:
    half_an_hour_ago = attempt(Action.SUPPRESS_CHECK, after(minutes=-30))

    assert action_of(decided(case(EVIDENCE, half_an_hour_ago), checked())) is Action.SUPPRESS_CHECK


def test_a_lost_answer_is_asked_for_once_more() -> None:
    lost = replace(QUIET, claimed_at=after(minutes=-5))
    lost = replace(lost, result=replace(lost.result, verdict=Verdict.LOST)) if lost.result else lost

    assert action_of(decided(case(EVIDENCE, lost), checked(), minutes=-1)) is Action.SUPPRESS_CHECK
    assert action_of(decided(case(EVIDENCE, lost, lost), checked(), minutes=-1)) is Action.REBOOT


@pytest.mark.parametrize("failed", [(DENIED,), (THROTTLED, THROTTLED)], ids=["denied", "throttled twice"])
def test_a_suppression_that_fails_does_not_stop_the_repair(failed: tuple[Attempt, ...]) -> None:
    assert action_of(decided(case(EVIDENCE, *failed), checked(), minutes=2)) is Action.REBOOT


def test_a_refusal_costs_no_pause_and_a_throttle_does() -> None:
    assert action_of(decided(case(EVIDENCE, replace(DENIED, intended_at=NOON)), checked())) is Action.REBOOT
    assert isinstance(decided(case(EVIDENCE, THROTTLED), checked(), minutes=-1, seconds=5), Wait)
    assert action_of(decided(case(EVIDENCE, THROTTLED), checked(), minutes=2)) is Action.SUPPRESS_CHECK


class TestAMemberWhoseCheckCantBeSuppressed:
    """Its group would replace it during a reboot; in Standby no check counts."""

    def test_left_to_its_group_it_is_not_rebooted_and_people_read_why(self) -> None:
        decision = decided(case(EVIDENCE, DENIED), member(checked()))

        assert isinstance(decision, Hold)
        assert decision.guard == "application_check"
        assert "web-asg would replace it while it reboots" in decision.reason
        assert "UnauthorizedOperation" in decision.reason

    @pytest.mark.parametrize(("limits", "action"), [(STANDBY, Action.ENTER_STANDBY), (REPLACE, Action.REPLACE)])
    def test_its_reboot_is_passed_over_where_there_is_another_way(self, limits: Policy, action: Action) -> None:
        assert action_of(decided(case(EVIDENCE, DENIED), member(checked()), limits)) is action

    def test_a_reboot_that_is_all_the_operator_allows_is_held(self) -> None:
        down = member(checked(LONG_AGO, instance=OK))
        fell = case(EVIDENCE, DENIED, confirmed_cause=Cause.APPLICATION_DOWN)

        assert isinstance(decided(fell, down, policy(application_down=ApplicationRemedy.REBOOT)), Hold)

    def test_it_goes_on_when_somebody_else_has_suppressed_it(self) -> None:
        assert action_of(decided(case(EVIDENCE, DENIED), member(checked(SILENT)))) is Action.REBOOT


class TestGivenBack:
    """What Defib suppressed it lifts, before it leaves the instance to itself or to people."""

    healthy = checked(SILENT, beneath=OK, instance=OK)
    stable = case(EVIDENCE, QUIET, REBOOTED, healthy_since=after(minutes=-2))

    def test_before_it_is_called_healed(self) -> None:
        assert action_of(decided(self.stable, self.healthy)) is Action.RESUME_CHECK

    def test_and_must_then_stay_healthy_with_the_check_counting(self) -> None:
        resumed = case(EVIDENCE, QUIET, REBOOTED, attempt(Action.RESUME_CHECK), healthy_since=after(minutes=-2))
        counting = checked(OK, instance=OK)

        assert isinstance(decided(resumed, counting, seconds=10), Wait)
        assert decided(resumed, counting, minutes=1) == Close(Outcome.HEALED, "the reboot cured it")

    @pytest.mark.parametrize(
        "checks",
        [
            Checks(OK, OK, application=INITIALIZING),
            Checks(OK, OK, application=SILENT, beneath=INITIALIZING),
            Checks(OK, OK, attached_ebs=INITIALIZING),
        ],
        ids=["counting", "suppressed", "attached EBS"],
    )
    def test_not_while_a_check_has_said_nothing_since_the_start_however_well_all_else_is(self, checks: Checks) -> None:
        so_far, starts = case(EVIDENCE, QUIET, *RESTARTED, cause=Cause.INSTANCE_IMPAIRED), observed(checks=checks)

        waits, _ = step(so_far, starts, POLICY, NOON)

        assert waits.healthy_since is None
        assert isinstance(decided(replace(so_far, healthy_since=after(minutes=-2)), starts, minutes=4), Wait)

    def test_a_check_that_goes_on_initializing_is_peoples_business(self) -> None:
        so_far, starts = case(EVIDENCE, *RESTARTED), checked(INITIALIZING, instance=OK)
        given_up = replace(so_far, handed_over_at=after(minutes=-1))

        assert isinstance(decided(so_far, starts, minutes=4), Wait)
        escalated = decided(so_far, starts, minutes=5)
        assert isinstance(escalated, Escalate)
        assert "application status check" in escalated.ask
        assert isinstance(decided(given_up, starts, minutes=5), Wait)

    def test_an_application_that_still_fails_beneath_is_not_healed(self) -> None:
        failing = checked(SILENT, beneath=LONG_AGO, instance=OK)

        assert diagnose(failing, self.stable, POLICY, NOON).cause is Cause.APPLICATION_DOWN

    def test_the_check_gets_two_answers_more_to_notice_a_reboot(self) -> None:
        failing = checked(SILENT, beneath=LONG_AGO, instance=OK)
        so_far = case(EVIDENCE, QUIET, attempt(Action.REBOOT))

        assert isinstance(decided(so_far, failing, RESTART, minutes=4, seconds=50), Wait)
        assert action_of(decided(so_far, failing, RESTART, minutes=5)) is Action.STOP

    @pytest.mark.parametrize("cause", [Cause.INSTANCE_IMPAIRED, Cause.SYSTEM_IMPAIRED])
    def test_when_people_have_it(self, cause: Cause) -> None:
        given_up = case(EVIDENCE, QUIET, handed_over_at=after(minutes=-1), cause=cause)

        assert action_of(decided(given_up, checked(SILENT, beneath=LONG_AGO))) is Action.RESUME_CHECK

    def test_people_are_told_what_its_group_does_then(self) -> None:
        worn_out = replace(case(EVIDENCE, QUIET, REBOOTED, *RESTARTED, *RESTARTED), group="web-asg")

        after_it, _ = step(worn_out, member(checked(SILENT, beneath=LONG_AGO), "Standby"), STANDBY, NOON)

        assert after_it.handed_over_at == NOON
        assert "if it fails, its Auto Scaling group web-asg replaces it" in after_it.ask

    def test_when_a_person_stopped_it(self) -> None:
        stopped = observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown")

        assert action_of(decided(case(EVIDENCE, QUIET), stopped)) is Action.RESUME_CHECK
        assert isinstance(decided(case(EVIDENCE, QUIET, RESUMED), stopped), Close)

    def test_not_when_it_is_gone_or_no_longer_in_our_care(self) -> None:
        gone = observed(state=InstanceState.TERMINATED)
        opted_out = replace(self.healthy, tags={"service": "web"})

        assert isinstance(decided(case(EVIDENCE, QUIET), gone), Close)
        assert isinstance(decided(case(EVIDENCE, QUIET), opted_out), Close)

    def test_not_when_its_time_is_over(self) -> None:
        expired = case(EVIDENCE, attempt(Action.SUPPRESS_CHECK, after(minutes=-30)), REBOOTED, healthy_since=NOON)

        assert decided(expired, checked(OK, instance=OK), minutes=1) == Close(Outcome.HEALED, "the reboot cured it")

    def test_a_lift_that_fails_is_tried_again_after_a_pause(self) -> None:
        throttled = attempt(Action.RESUME_CHECK, NOON, Verdict.RETRY, "RequestLimitExceeded")
        so_far = case(EVIDENCE, QUIET, REBOOTED, throttled, healthy_since=after(minutes=-2))

        assert isinstance(decided(so_far, self.healthy, seconds=5), Wait)
        assert action_of(decided(so_far, self.healthy, seconds=15)) is Action.RESUME_CHECK

    def test_a_lift_that_is_refused_is_left_to_end_by_itself_and_said(self) -> None:
        denied = attempt(Action.RESUME_CHECK, NOON, Verdict.REFUSED, "UnauthorizedOperation")
        so_far = case(EVIDENCE, QUIET, REBOOTED, denied, healthy_since=after(minutes=-2))

        closed = decided(so_far, self.healthy, seconds=40)

        assert isinstance(closed, Close)
        assert closed.outcome is Outcome.HEALED
        assert "could not be resumed: it counts again at 12:25:00 UTC" in closed.reason

    def test_where_ec2_says_nothing_beneath_it_is_lifted_and_watched(self) -> None:
        blind = checked(SILENT, instance=OK)

        assert action_of(decided(self.stable, blind)) is Action.RESUME_CHECK


def test_the_bound_outlives_a_normal_repair() -> None:
    repair = POLICY.repair

    assert repair.suppress_for >= repair.reboot_trial + repair.restart_trial + repair.force_stop_timeout
    assert repair.suppress_for == timedelta(minutes=30)
