"""Where no rung is next: a limit that is reached, a guard, patience, and the pauses between tries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.case import Act, Action, Attempt, Case, Escalate, Hold, Wait
from defib.core.decide import decide
from defib.core.model import Cause, Diagnosis, InstanceState, Observation, TargetHealth, Verdict
from defib.core.patience import patience
from defib.core.policy import Mode, Policy, Verify
from defib.core.start import jitter
from tests.core.facts import (
    NOON,
    POLICY,
    WEB,
    after,
    attempt,
    case,
    observed,
    policy,
    target,
)
from tests.core.rungs import (
    APP_DOWN,
    APP_FELL,
    BAD,
    BOOTING,
    DRAINED,
    EVIDENCE,
    INITIAL,
    REBOOT_APP,
    REBOOTED,
    REBOOTED_LONG_AGO,
    STARTED,
    STOPPED_FACTS,
    STOPPED_NOW,
    STOPPING_FACTS,
    UNUSED,
    decided,
)

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
    ("the application is people's business", APP_FELL, APP_DOWN, POLICY, "application is down"),
    ("a reboot did not bring it back", case(EVIDENCE, REBOOTED_LONG_AGO), APP_DOWN, REBOOT_APP, "reboot did not"),
    (
        "no reboot may bring it back",
        APP_FELL,
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


STARTED_JUST_NOW = observed(state=InstanceState.PENDING, launched_at=after(seconds=-5))
"""Whoever started it a moment ago, it was not Defib."""


@pytest.mark.parametrize(("minutes", "waits"), [(74, True), (75, False)])
def test_what_others_start_again_and_again_is_handed_over_though_each_start_is_fresh(minutes: int, waits: bool) -> None:
    """The case's age of an hour, five minutes in which it may be pending, ten in which its checks may pass."""
    stopped = case(EVIDENCE, attempt(Action.STOP, after(hours=-1)), confirmed_at=after(minutes=-minutes))

    decision = decided(stopped, STARTED_JUST_NOW)

    assert isinstance(decision, Wait) is waits, decision
    assert isinstance(decision, Wait) or "not well 75 minutes after it was found" in decision.reason


@pytest.mark.parametrize(
    "so_far",
    [
        case(EVIDENCE, confirmed_at=None),
        case(EVIDENCE, confirmed_at=after(hours=-2), resumed_at=after(minutes=-74)),
        case(EVIDENCE, confirmed_at=after(hours=-2), held_by="kill_switch"),
        case(confirmed_at=after(days=-9), confirmed_cause=Cause.EVENT_SCHEDULED),
        case(EVIDENCE, confirmed_at=after(hours=-2), handed_over_at=after(hours=-1)),
    ],
    ids=["not confirmed", "resumed lately", "paused by people", "waits for an event", "handed over"],
)
def test_nobody_is_called_for_one_that_starts_up_where_no_repair_has_had_its_time(so_far: Case) -> None:
    assert isinstance(decided(so_far, STARTED_JUST_NOW), Wait)


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


@pytest.mark.parametrize("health", [TargetHealth.UNHEALTHY, TargetHealth.UNHEALTHY_DRAINING])
@pytest.mark.parametrize(("others", "first"), [(1, Action.DRAIN), (0, Action.STOP)])
def test_it_is_not_taken_out_where_nobody_else_serves(others: int, first: Action, health: TargetHealth) -> None:
    facts = observed(targets=(replace(target(health), others_healthy=others),))
    so_far = case(attempt(Action.EVIDENCE), cause=Cause.SYSTEM_IMPAIRED)

    decision = decide(so_far, facts, Diagnosis(Cause.SYSTEM_IMPAIRED, NOON, ()), POLICY, NOON)

    assert isinstance(decision, Act)
    assert decision.action is first


@pytest.mark.parametrize(
    ("started", "seconds"),
    [(after(minutes=-2), 15), (after(minutes=-9, seconds=-59), 1), (after(minutes=-10), 60), (after(hours=-2), 60)],
    ids=["just now", "its time is nearly over", "too long ago to show", "before people took over"],
)
def test_what_defib_has_started_again_since_the_hand_over_is_watched_as_closely_as_before(
    started: datetime, seconds: int
) -> None:
    taken_over = case(EVIDENCE, STOPPED_NOW, attempt(Action.START, started), handed_over_at=after(hours=-1))

    decision = decided(taken_over, observed(checks=BOOTING, launched_at=started))

    assert isinstance(decision, Wait), decision
    assert decision.look_again_at == after(seconds=seconds)
