"""A case and what is seen of it in; the next rung out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Act, Action, Attempt, Case, Close, Outcome, Wait
from defib.core.membership import GroupMember
from defib.core.model import Cause, Check, Checks, CheckStatus, InstanceState, Observation, Verdict
from defib.core.policy import Policy
from tests.core.facts import (
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
from tests.core.rungs import (
    APP_DOWN,
    APP_FELL,
    BAD,
    BAD_DISK,
    BAD_HOST,
    DRAINED,
    DRAINING,
    EVIDENCE,
    HEALTHY,
    LONG_STOP,
    NO_ROOM,
    REBOOT_APP,
    REBOOTED,
    REBOOTED_LONG_AGO,
    RESTART_APP,
    STARTED,
    STOPPED_FACTS,
    STOPPED_NOW,
    STOPPING_FACTS,
    UNHEALTHY,
    UNUSED,
    decided,
    in_group,
)


def drained_perhaps(ago: timedelta) -> Attempt:
    """A drain whose answer was lost so long ago."""
    return replace(attempt(Action.DRAIN, NOON - ago, Verdict.LOST), claimed_at=NOON - ago)


def forced_perhaps(ago: timedelta) -> Attempt:
    """A forced stop whose answer was lost so long ago."""
    return replace(attempt(Action.FORCE_STOP, NOON - ago, Verdict.LOST), claimed_at=NOON - ago)


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
        observed(checks=Checks(OK, impaired()), launched_at=after(seconds=-1)),
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
        "a drain whose answer was lost a moment ago is not asked for again while reads may lag",
        case(EVIDENCE, REBOOTED, drained_perhaps(timedelta(seconds=2)), registrations=(WEB,)),
        observed(checks=BAD, targets=(target(UNHEALTHY),)),
        POLICY,
        Action.STOP,
    ),
    (
        "but it is when the target is registered still",
        case(EVIDENCE, REBOOTED, drained_perhaps(timedelta(minutes=1)), registrations=(WEB,)),
        observed(checks=BAD, targets=(target(UNHEALTHY),)),
        POLICY,
        Action.DRAIN,
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
    (
        "the second stop does not end either: forced as the first",
        case(EVIDENCE, LONG_STOP, attempt(Action.FORCE_STOP, after(minutes=-30)), STARTED, LONG_STOP),
        STOPPING_FACTS,
        POLICY,
        Action.FORCE_STOP,
    ),
    (
        "force that was perhaps lost: once more",
        case(EVIDENCE, forced_perhaps(timedelta(seconds=30)), since=after(minutes=-5), cause=Cause.STOPPING),
        STOPPING_FACTS,
        POLICY,
        Action.FORCE_STOP,
    ),
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
    ("the application down: reboot where allowed", APP_FELL, APP_DOWN, REBOOT_APP, Action.REBOOT),
    (
        "the application still down: restart where allowed",
        case(EVIDENCE, REBOOTED_LONG_AGO),
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


def test_a_load_balancer_gets_its_time_to_find_what_was_rebooted_healthy() -> None:
    rebooted = case(EVIDENCE, attempt(Action.REBOOT, after(minutes=-9)), cause=Cause.APPLICATION_DOWN)

    assert decided(rebooted, APP_DOWN, RESTART_APP) == Wait("giving the reboot time to work", after(seconds=15))


def test_what_somebody_gave_to_another_service_is_started_all_the_same_and_then_let_go() -> None:
    stopped = case(EVIDENCE, attempt(Action.STOP, after(minutes=-2)))
    elsewhere = {"service": "db", "self-heal": "true"}

    started = decided(stopped, replace(STOPPED_FACTS, tags=elsewhere))
    let_go = decided(case(EVIDENCE, REBOOTED), observed(checks=BAD, tags=elsewhere))

    assert isinstance(started, Act)
    assert started.action is Action.START
    assert isinstance(let_go, Close)
    assert let_go.outcome is Outcome.LEFT_ALONE
