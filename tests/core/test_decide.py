"""A case and what is seen of it in; the next rung, or why not, out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Escalate, Hold, Outcome, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.membership import GROUP_TAG, GroupMember, Membership
from defib.core.model import Cause, Check, Checks, CheckStatus, InstanceState, Observation, TargetHealth, Verdict
from defib.core.patience import patience
from defib.core.policy import ApplicationRemedy, Mode, Policy, Verify
from defib.core.start import jitter
from tests.core.facts import (
    INITIALIZING,
    NOON,
    OK,
    POLICY,
    WEB,
    after,
    attempt,
    case,
    impaired,
    observed,
    policy,
    target,
)

EVIDENCE = attempt(Action.EVIDENCE)
REBOOTED = attempt(Action.REBOOT, after(minutes=-4))
DRAINED = attempt(Action.DRAIN, after(seconds=-30))
STOPPED_NOW = attempt(Action.STOP, after(seconds=-40))
STARTED = attempt(Action.START, after(minutes=-6))
NO_ROOM = attempt(Action.START, after(minutes=-3), Verdict.RETRY, "InsufficientInstanceCapacity")

BAD = Checks(OK, impaired(after(minutes=-5)))
BAD_HOST = Checks(impaired(after(minutes=-5)), impaired(after(minutes=-5)))
BAD_DISK = Checks(OK, OK, impaired(after(minutes=-5)))
BOOTING = Checks(INITIALIZING, INITIALIZING)

HEALTHY, UNHEALTHY, DRAINING = TargetHealth.HEALTHY, TargetHealth.UNHEALTHY, TargetHealth.DRAINING
UNUSED, INITIAL = TargetHealth.UNUSED, TargetHealth.INITIAL
REBOOT_APP, RESTART_APP = (policy(application_down=r) for r in (ApplicationRemedy.REBOOT, ApplicationRemedy.RESTART))
APP_DOWN = observed(targets=(target(UNHEALTHY),))

STOPPED_FACTS = observed(state=InstanceState.STOPPED, state_reason_code="Server.InternalError")
STOPPING_FACTS = observed(state=InstanceState.STOPPING)
LONG_STOP = attempt(Action.STOP, after(minutes=-4))


def in_group(lifecycle: str, **changes: object) -> Observation:
    tags = {"service": "web", "self-heal": "true", GROUP_TAG: "web-asg"}
    place = Membership("web-asg", lifecycle, protected=False, opted_in=True, minimum=2, desired=3, in_service=3)
    return observed(tags=tags, membership=place, **changes)


def decided(so_far: Case, facts: Observation, limits: Policy = POLICY) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, limits, NOON), limits, NOON)


ACTIONS: list[tuple[str, Case, Observation, Policy, Action]] = [
    ("evidence before anything else", case(), observed(checks=BAD), POLICY, Action.EVIDENCE),
    ("then a reboot", case(EVIDENCE), observed(checks=BAD), POLICY, Action.REBOOT),
    (
        "no evidence is no reason to wait",
        case(attempt(Action.EVIDENCE, verdict=Verdict.LOST)),
        observed(checks=BAD),
        POLICY,
        Action.REBOOT,
    ),
    ("a reboot can't mend a host", case(EVIDENCE), observed(checks=BAD_HOST), POLICY, Action.STOP),
    ("a reboot can't mend a volume's path", case(EVIDENCE), observed(checks=BAD_DISK), POLICY, Action.STOP),
    (
        "one dead on arrival has nothing to keep",
        case(EVIDENCE),
        observed(checks=Checks(OK, impaired()), launched_at=NOON),
        POLICY,
        Action.STOP,
    ),
    ("a reboot that did not help", case(EVIDENCE, REBOOTED), observed(checks=BAD), POLICY, Action.STOP),
    (
        "drain before the stop",
        case(EVIDENCE, REBOOTED),
        observed(checks=BAD, targets=(target(UNHEALTHY),)),
        POLICY,
        Action.DRAIN,
    ),
    (
        "a group Defib may not touch is not drained",
        case(EVIDENCE, REBOOTED),
        observed(checks=BAD, targets=(target(HEALTHY, manageable=False),)),
        POLICY,
        Action.STOP,
    ),
    (
        "drained",
        case(EVIDENCE, REBOOTED, DRAINED, registrations=(WEB,)),
        observed(checks=BAD, targets=(target(UNUSED),)),
        POLICY,
        Action.STOP,
    ),
    (
        "one that served nobody has no requests to wait for",
        case(EVIDENCE, REBOOTED, DRAINED, registrations=(WEB,)),
        observed(checks=BAD, targets=(target(DRAINING),)),
        POLICY,
        Action.STOP,
    ),
    (
        "draining for too long",
        case(EVIDENCE, REBOOTED, attempt(Action.DRAIN, after(minutes=-2)), registrations=(WEB,), drained_serving=True),
        observed(checks=BAD, targets=(target(DRAINING),)),
        POLICY,
        Action.STOP,
    ),
    ("a stop that does not end", case(EVIDENCE, LONG_STOP), STOPPING_FACTS, POLICY, Action.FORCE_STOP),
    ("stopped by Defib", case(EVIDENCE, STOPPED_NOW), observed(state=InstanceState.STOPPED), POLICY, Action.START),
    (
        "stopped by a forced stop",
        case(EVIDENCE, LONG_STOP, attempt(Action.FORCE_STOP, after(minutes=-1))),
        observed(state=InstanceState.STOPPED),
        POLICY,
        Action.START,
    ),
    ("stopped unasked", case(EVIDENCE), STOPPED_FACTS, POLICY, Action.START),
    (
        "the start fell back to stopped",
        case(EVIDENCE, STOPPED_NOW, attempt(Action.START, after(seconds=-25))),
        STOPPED_FACTS,
        POLICY,
        Action.START,
    ),
    (
        "a restart that did not help: once more",
        case(EVIDENCE, STOPPED_NOW, STARTED),
        observed(checks=BAD),
        POLICY,
        Action.STOP,
    ),
    (
        "drain again before the second stop",
        case(EVIDENCE, DRAINED, STOPPED_NOW, STARTED, attempt(Action.RESTORE, after(minutes=-4)), registrations=(WEB,)),
        observed(checks=BAD, targets=(target(UNHEALTHY),)),
        POLICY,
        Action.DRAIN,
    ),
    (
        "no room for its type: another that the service allows",
        case(EVIDENCE, STOPPED_NOW, *(NO_ROOM,) * 3),
        replace(STOPPED_FACTS, instance_type="m7g.large"),
        policy(fallback_types=("m7g.large", "m6g.large")),
        Action.RESIZE,
    ),
    (
        "not even a forced stop ends: without a shutdown where allowed",
        case(EVIDENCE, attempt(Action.FORCE_STOP, after(minutes=-10)), since=after(minutes=-15), cause=Cause.STOPPING),
        STOPPING_FACTS,
        policy(allow_skip_os_shutdown=True),
        Action.SKIP_OS_SHUTDOWN,
    ),
    ("the application down: reboot where allowed", case(EVIDENCE), APP_DOWN, REBOOT_APP, Action.REBOOT),
    (
        "the application still down: restart where allowed",
        case(EVIDENCE, REBOOTED),
        APP_DOWN,
        RESTART_APP,
        Action.DRAIN,
    ),
    (
        "a member of a group that is to be replaced",
        case(EVIDENCE),
        in_group("InService", checks=BAD_HOST),
        policy(group_member=GroupMember.REPLACE),
        Action.REPLACE,
    ),
    (
        "a member of a group that is to be kept: Standby before the stop",
        case(EVIDENCE),
        in_group("InService", checks=BAD_HOST),
        policy(group_member=GroupMember.STANDBY),
        Action.ENTER_STANDBY,
    ),
    (
        "a member in Standby that works again",
        case(EVIDENCE, attempt(Action.ENTER_STANDBY), STOPPED_NOW, STARTED, group="web-asg"),
        in_group("Standby"),
        policy(group_member=GroupMember.STANDBY),
        Action.EXIT_STANDBY,
    ),
    (
        "an application status check applies: quiet first",
        case(EVIDENCE),
        observed(checks=replace(BAD, application=OK)),
        POLICY,
        Action.SUPPRESS_CHECK,
    ),
    (
        "it works again: the application status check counts again",
        case(EVIDENCE, attempt(Action.SUPPRESS_CHECK, after(minutes=-5)), REBOOTED),
        observed(checks=Checks(OK, OK, application=Check(CheckStatus.SUPPRESSED), beneath=OK)),
        POLICY,
        Action.RESUME_CHECK,
    ),
    (
        "checks pass: back into the target group",
        case(EVIDENCE, DRAINED, STOPPED_NOW, STARTED, registrations=(WEB,)),
        observed(targets=(target(UNUSED),)),
        POLICY,
        Action.RESTORE,
    ),
    (
        "restored by people's revival too",
        case(EVIDENCE, DRAINED, handed_over_at=NOON, registrations=(WEB,)),
        observed(targets=(target(UNUSED),)),
        POLICY,
        Action.RESTORE,
    ),
]


@pytest.mark.parametrize(("so_far", "facts", "limits", "action"), [r[1:] for r in ACTIONS], ids=[r[0] for r in ACTIONS])
def test_the_next_rung(so_far: Case, facts: Observation, limits: Policy, action: Action) -> None:
    decision = decided(so_far, facts, limits)

    assert isinstance(decision, Act), decision
    assert decision.action is action
    assert decision.reason
    assert decision.look_again_at > NOON


def test_every_rung_has_a_row() -> None:
    assert {row[4] for row in ACTIONS} == set(Action)


WAITS: list[tuple[str, Case, Observation, str, timedelta]] = [
    (
        "one failed sample",
        case(confirmed_at=None),
        observed(checks=Checks(OK, impaired())),
        "not yet",
        timedelta(seconds=60),
    ),
    (
        "giving the reboot time",
        case(EVIDENCE, attempt(Action.REBOOT, after(minutes=-1))),
        observed(checks=BAD),
        "reboot time",
        timedelta(seconds=15),
    ),
    (
        "the end of the reboot's trial",
        case(EVIDENCE, attempt(Action.REBOOT, after(seconds=-175))),
        observed(checks=BAD),
        "reboot time",
        timedelta(seconds=5),
    ),
    (
        "reads lag behind the stop",
        case(EVIDENCE, attempt(Action.STOP, after(seconds=-10))),
        observed(checks=BAD),
        "lag behind the stop",
        timedelta(seconds=10),
    ),
    (
        "reads lag behind the start",
        case(EVIDENCE, STOPPED_NOW, attempt(Action.START, after(seconds=-10))),
        observed(state=InstanceState.STOPPED, state_reason_code="Server.InternalError"),
        "lag behind the start",
        timedelta(seconds=10),
    ),
    (
        "giving the start time",
        case(EVIDENCE, STOPPED_NOW, attempt(Action.START, after(minutes=-2))),
        observed(checks=BAD),
        "start time",
        timedelta(seconds=15),
    ),
    (
        "someone else started it",
        case(EVIDENCE, STOPPED_NOW),
        observed(checks=BAD, launched_at=after(seconds=-20)),
        "start time",
        timedelta(seconds=15),
    ),
    (
        "draining",
        case(EVIDENCE, REBOOTED, DRAINED, registrations=(WEB,), drained_serving=True),
        observed(checks=BAD, targets=(target(DRAINING),)),
        "drained",
        timedelta(seconds=15),
    ),
    ("stopping", case(EVIDENCE, STOPPED_NOW), STOPPING_FACTS, "stopping", timedelta(seconds=15)),
    (
        "the stop is being forced",
        case(
            EVIDENCE,
            LONG_STOP,
            attempt(Action.FORCE_STOP, after(minutes=-1)),
            cause=Cause.STUCK_STOPPING,
            since=after(minutes=-4),
        ),
        STOPPING_FACTS,
        "forced",
        timedelta(seconds=15),
    ),
    (
        "starting up",
        case(EVIDENCE, STOPPED_NOW, attempt(Action.START, after(minutes=-1))),
        observed(checks=BOOTING, launched_at=after(minutes=-1)),
        "starting up",
        timedelta(seconds=15),
    ),
    (
        "starting up by itself",
        case(),
        observed(checks=BOOTING, launched_at=after(minutes=-1)),
        "starting up",
        timedelta(seconds=15),
    ),
    (
        "the load balancer has not checked it yet",
        case(EVIDENCE, STARTED),
        observed(targets=(target(INITIAL),)),
        "healthy in web",
        timedelta(seconds=15),
    ),
    (
        "well, but not for long",
        case(EVIDENCE, STARTED, healthy_since=after(seconds=-10)),
        observed(),
        "stays so",
        timedelta(seconds=20),
    ),
    ("well just now", case(EVIDENCE, STARTED), observed(), "stays so", timedelta(seconds=30)),
    (
        "a start failed",
        case(EVIDENCE, STOPPED_NOW, attempt(Action.START, NOON, Verdict.RETRY, "InsufficientInstanceCapacity")),
        observed(state=InstanceState.STOPPED),
        "InsufficientInstanceCapacity",
        timedelta(seconds=15) * jitter(case(), 3),
    ),
    (
        "a start failed twice",
        case(
            EVIDENCE,
            STOPPED_NOW,
            attempt(Action.START, NOON, Verdict.RETRY, "x"),
            attempt(Action.START, NOON, Verdict.RETRY, "x"),
        ),
        observed(state=InstanceState.STOPPED),
        "trying again",
        timedelta(seconds=30) * jitter(case(), 4),
    ),
    (
        "people have it",
        case(EVIDENCE, handed_over_at=after(minutes=-2)),
        observed(checks=BAD),
        "handed over",
        timedelta(minutes=1),
    ),
    (
        "registering failed",
        case(EVIDENCE, DRAINED, STARTED, attempt(Action.RESTORE, NOON, Verdict.RETRY), registrations=(WEB,)),
        observed(targets=(target(UNUSED),)),
        "trying again",
        timedelta(seconds=15),
    ),
]


@pytest.mark.parametrize(("so_far", "facts", "words", "pause"), [r[1:] for r in WAITS], ids=[r[0] for r in WAITS])
def test_waiting_says_why_and_until_when(so_far: Case, facts: Observation, words: str, pause: timedelta) -> None:
    decision = decided(so_far, facts)

    assert isinstance(decision, Wait), decision
    assert words in decision.reason
    assert decision.look_again_at == NOON + pause


REFUSED = attempt(Action.STOP, verdict=Verdict.REFUSED, code="OperationNotPermitted")
RESTARTED_TWICE = (EVIDENCE, STOPPED_NOW, STARTED, STOPPED_NOW, attempt(Action.START, after(minutes=-6)))
FAILED_START = attempt(Action.START, after(minutes=-3), Verdict.RETRY, "InsufficientInstanceCapacity")


def allowed(of: Policy, **repair: int) -> Policy:
    """The policy with other numbers of reboots or restarts."""
    return replace(of, repair=replace(of.repair, **repair))  # type: ignore[arg-type]  # only numbers are given


ESCALATIONS: list[tuple[str, Case, Observation, Policy, str]] = [
    ("restarts used up", case(*RESTARTED_TWICE), observed(checks=BAD), POLICY, "stopped and started 2 times"),
    (
        "starts used up",
        case(EVIDENCE, STOPPED_NOW, *(FAILED_START,) * 5),
        observed(state=InstanceState.STOPPED),
        POLICY,
        "InsufficientInstanceCapacity",
    ),
    (
        "starts accepted, but it falls back",
        case(EVIDENCE, *(attempt(Action.START, after(minutes=-3)),) * 5),
        replace(STOPPED_FACTS, state_reason_code="Client.InternalError"),
        POLICY,
        "encryption key is disabled",
    ),
    (
        "AWS refuses to start it",
        case(EVIDENCE, STOPPED_NOW, attempt(Action.START, verdict=Verdict.REFUSED, code="UnauthorizedOperation")),
        STOPPED_FACTS,
        POLICY,
        "AWS refused to start it",
    ),
    ("AWS refuses", case(EVIDENCE, REFUSED), observed(checks=BAD), POLICY, "OperationNotPermitted"),
    (
        "forcing does not stop it",
        case(
            EVIDENCE,
            attempt(Action.FORCE_STOP, after(minutes=-10)),
            cause=Cause.STUCK_STOPPING,
            since=after(minutes=-15),
        ),
        STOPPING_FACTS,
        POLICY,
        "even when forced",
    ),
    (
        "too many actions",
        case(EVIDENCE, *(attempt(Action.REBOOT, verdict=Verdict.LOST),) * 24),
        observed(checks=BAD),
        POLICY,
        "25 actions",
    ),
    ("too old", case(EVIDENCE, confirmed_at=after(hours=-1)), observed(checks=BAD), POLICY, "60 minutes"),
    (
        "stuck pending",
        case(EVIDENCE),
        observed(state=InstanceState.PENDING, launched_at=after(minutes=-6)),
        POLICY,
        "pending",
    ),
    (
        "unknown for too long",
        case(EVIDENCE, cause=Cause.UNKNOWN, since=after(minutes=-15)),
        observed(checks=None),
        POLICY,
        "does not say",
    ),
    ("the application is people's business", case(EVIDENCE), APP_DOWN, POLICY, "application is down"),
    ("a reboot did not bring it back", case(EVIDENCE, REBOOTED), APP_DOWN, REBOOT_APP, "reboot did not"),
    (
        "no reboot may bring it back",
        case(EVIDENCE),
        APP_DOWN,
        allowed(REBOOT_APP, reboots=0),
        "application is down, and repair.reboots allows no reboot",
    ),
    (
        "neither reboot nor restart may be tried",
        case(EVIDENCE),
        observed(checks=BAD),
        allowed(POLICY, reboots=0, restarts=0),
        "check fails, and repair.restarts allows no stop and start",
    ),
    (
        "no restart may follow the reboot",
        case(EVIDENCE, REBOOTED),
        observed(checks=BAD),
        allowed(POLICY, restarts=0),
        "check fails after a reboot, and repair.restarts allows no stop and start",
    ),
    (
        "never comes up after a restart",
        case(EVIDENCE, *(attempt(Action.START, after(minutes=-11)),) * 2),
        observed(checks=BOOTING, launched_at=after(minutes=-11)),
        POLICY,
        "started 2 times",
    ),
    (
        "never healthy behind its load balancer",
        case(EVIDENCE, attempt(Action.START, after(minutes=-11)), opened_at=after(minutes=-20)),
        observed(targets=(target(INITIAL),)),
        POLICY,
        "healthy in web",
    ),
    (
        "can't be registered",
        case(
            EVIDENCE,
            DRAINED,
            STARTED,
            *(attempt(Action.RESTORE, after(minutes=-1), Verdict.RETRY),) * 5,
            registrations=(WEB,),
        ),
        observed(targets=(target(UNUSED),)),
        POLICY,
        "registered in web",
    ),
]


@pytest.mark.parametrize(
    ("so_far", "facts", "limits", "words"), [r[1:] for r in ESCALATIONS], ids=[r[0] for r in ESCALATIONS]
)
def test_a_limit_reached_is_handed_over_with_the_reason(
    so_far: Case, facts: Observation, limits: Policy, words: str
) -> None:
    decision = decided(so_far, facts, limits)

    assert isinstance(decision, Escalate), decision
    assert words in decision.reason
    assert decision.ask
    assert decision.look_again_at > NOON


BOOTS_IN_VAIN = observed(checks=BOOTING, launched_at=after(minutes=-6))
SOON_VERIFIED = policy(verify=Verify(timeout=timedelta(minutes=1)))
STARTED_BEFORE = attempt(Action.START, after(minutes=-6))


def test_one_that_stays_pending_is_waited_for_since_ec2_can_not_stop_it() -> None:
    pending = observed(state=InstanceState.PENDING, launched_at=after(minutes=-2))

    decision = decided(case(EVIDENCE, STOPPED_NOW, attempt(Action.START, after(minutes=-2))), pending, SOON_VERIFIED)

    assert isinstance(decision, Wait), decision
    assert decision.look_again_at == after(seconds=15)


@pytest.mark.parametrize(
    ("attempts", "words"),
    [((REFUSED,), "refused to stop"), ((attempt(Action.STOP, verdict=Verdict.RETRY),) * 23, "25 actions")],
    ids=["a stop that AWS refuses", "attempts used up"],
)
def test_one_that_never_boots_is_bounded_as_any_failure_is(attempts: tuple[Attempt, ...], words: str) -> None:
    so_far = case(EVIDENCE, STARTED_BEFORE, *attempts)
    assert isinstance(decided(case(EVIDENCE, STARTED_BEFORE), BOOTS_IN_VAIN, SOON_VERIFIED), Act)

    decision = decided(so_far, BOOTS_IN_VAIN, SOON_VERIFIED)

    assert isinstance(decision, Escalate), decision
    assert words in decision.reason


CLOSINGS: list[tuple[str, Case, Observation, Policy, Outcome, str]] = [
    ("fresh and healthy", case(version=0, confirmed_at=None), observed(), POLICY, Outcome.NOTHING_WRONG, "pass"),
    (
        "well by itself",
        case(confirmed_at=None, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.RECOVERED,
        "nothing to it",
    ),
    (
        "the reboot cured it",
        case(EVIDENCE, REBOOTED, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.HEALED,
        "reboot cured",
    ),
    (
        "stop and start cured it",
        case(EVIDENCE, STOPPED_NOW, STARTED, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.HEALED,
        "stopping and starting it cured",
    ),
    (
        "a start cured it",
        case(EVIDENCE, STARTED, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.HEALED,
        "starting it cured",
    ),
    (
        "well since people took over",
        case(EVIDENCE, STARTED, handed_over_at=NOON, healthy_since=after(seconds=-30)),
        observed(),
        POLICY,
        Outcome.RECOVERED,
        "people",
    ),
    ("terminated", case(EVIDENCE), observed(state=InstanceState.TERMINATED), POLICY, Outcome.TERMINATED, "terminated"),
    (
        "stopped by a person",
        case(EVIDENCE),
        observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown"),
        POLICY,
        Outcome.LEFT_ALONE,
        "person",
    ),
    (
        "stopped by a person while drained",
        case(EVIDENCE, DRAINED, registrations=(WEB,)),
        observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown"),
        POLICY,
        Outcome.LEFT_ALONE,
        "deregistered from web",
    ),
    (
        "opted out while drained",
        case(EVIDENCE, DRAINED, registrations=(WEB,)),
        observed(checks=BAD, tags={"service": "web"}),
        POLICY,
        Outcome.LEFT_ALONE,
        "deregistered from web",
    ),
    (
        "opted out meanwhile",
        case(EVIDENCE),
        observed(checks=BAD, tags={"service": "web"}),
        POLICY,
        Outcome.LEFT_ALONE,
        "self-heal=true",
    ),
    (
        "its group has replaced it",
        case(EVIDENCE, attempt(Action.REPLACE), group="web-asg"),
        observed(state=InstanceState.SHUTTING_DOWN),
        POLICY,
        Outcome.REPLACED,
        "web-asg",
    ),
    (
        "its service left the configuration",
        case(EVIDENCE, service="gone"),
        observed(checks=BAD),
        POLICY,
        Outcome.LEFT_ALONE,
        "gone",
    ),
    (
        "handed over for too long",
        case(EVIDENCE, handed_over_at=after(days=-7)),
        observed(checks=BAD),
        POLICY,
        Outcome.HANDED_OVER,
        "no longer watched",
    ),
    (
        "failed while it waited for an announced event",
        case(confirmed_cause=Cause.EVENT_SCHEDULED),
        observed(checks=BAD),
        POLICY,
        Outcome.GAVE_WAY,
        "a case of its own",
    ),
]


@pytest.mark.parametrize(
    ("so_far", "facts", "limits", "outcome", "words"), [r[1:] for r in CLOSINGS], ids=[r[0] for r in CLOSINGS]
)
def test_a_case_closes_with_its_outcome(
    so_far: Case, facts: Observation, limits: Policy, outcome: Outcome, words: str
) -> None:
    decision = decided(so_far, facts, limits)

    assert isinstance(decision, Close), decision
    assert decision.outcome is outcome
    assert words in decision.reason


def test_what_was_put_back_is_not_called_deregistered() -> None:
    so_far = case(EVIDENCE, DRAINED, attempt(Action.RESTORE), registrations=(WEB,))
    stopped = observed(state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown")

    assert decided(so_far, stopped, POLICY).reason == "a person stopped it; Defib leaves it alone"


def test_every_outcome_has_a_row() -> None:
    assert {row[4] for row in CLOSINGS} == set(Outcome)


def test_a_guard_turns_an_act_into_a_hold_that_names_what_would_have_been_done() -> None:
    decision = decided(case(EVIDENCE), observed(checks=BAD), policy(mode=Mode.OBSERVE))

    assert isinstance(decision, Hold)
    assert decision.action is Action.REBOOT
    assert decision.guard == "observe_mode"


def test_one_recheck_that_decided_otherwise_costs_no_pause_but_a_second_does() -> None:
    moved = attempt(Action.REBOOT, NOON, Verdict.ABANDONED)

    assert isinstance(decided(case(EVIDENCE, moved), observed(checks=BAD)), Act)
    assert isinstance(decided(case(EVIDENCE, moved, moved), observed(checks=BAD)), Wait)


def test_pauses_double_up_to_a_limit() -> None:
    def pause(failures: int) -> timedelta:
        failed = attempt(Action.REBOOT, NOON, Verdict.RETRY)
        decision = decided(case(EVIDENCE, *(failed,) * failures), observed(checks=BAD))
        assert isinstance(decision, Wait)
        return decision.look_again_at - NOON

    limits = {1: 15, 2: 30, 3: 60, 4: 120, 5: 120, 20: 120}
    assert {n: pause(n).total_seconds() for n in limits} == {
        n: pytest.approx(limit * jitter(case(), n + 1)) for n, limit in limits.items()
    }


def test_what_has_failed_for_long_enough_counts_though_no_look_has_said_so_yet() -> None:
    unsaid = case(confirmed_at=None, confirmed_cause=None)
    decision = decided(unsaid, observed(checks=BAD))

    assert isinstance(decision, Act)
    assert decision.action is Action.EVIDENCE


def test_each_cause_has_its_patience() -> None:
    service = POLICY.services[0]

    assert patience(Cause.INSTANCE_IMPAIRED, service) == service.patience.check
    assert patience(Cause.APPLICATION_DOWN, service) == service.patience.application
    assert patience(Cause.STOPPED_UNASKED, service) == service.patience.stopped
    assert patience(Cause.UNKNOWN, service) == service.patience.unknown
    assert patience(Cause.STUCK_STOPPING, service) == timedelta(0)
    assert patience(Cause.EVENT_SCHEDULED, service) == timedelta(0)
    assert patience(Cause.HEALTHY, service) == timedelta(0)
