"""Where nothing is done for now: why, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from defib.core.case import Action, Case, Escalate, Hold, Wait
from defib.core.guard import SPOKEN_FOR
from defib.core.model import Cause, Checks, InstanceState, Observation, Verdict
from defib.core.start import jitter
from tests.core.facts import (
    NOON,
    OK,
    WEB,
    after,
    attempt,
    case,
    impaired,
    observed,
    target,
)
from tests.core.rungs import (
    APP_DOWN,
    BAD,
    BOOTING,
    DRAINED,
    DRAINING,
    EVIDENCE,
    INITIAL,
    LONG_STOP,
    REBOOTED,
    STARTED,
    STOPPED_NOW,
    STOPPING_FACTS,
    UNUSED,
    decided,
)

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
        "its host is mended, its application has yet to follow",
        case(EVIDENCE, cause=Cause.APPLICATION_DOWN, since=after(minutes=-1)),
        APP_DOWN,
        "may follow",
        timedelta(seconds=15),
    ),
    (
        "the end of that",
        case(EVIDENCE, cause=Cause.APPLICATION_DOWN, since=after(seconds=-170)),
        APP_DOWN,
        "may follow",
        timedelta(seconds=10),
    ),
    (
        "its host is mended, it has yet to boot",
        case(EVIDENCE, cause=Cause.INSTANCE_IMPAIRED, since=after(seconds=-170)),
        observed(checks=Checks(OK, impaired(after(minutes=-9)))),
        "may still be booting",
        timedelta(seconds=10),
    ),
    (
        "registering failed",
        case(EVIDENCE, DRAINED, STARTED, attempt(Action.RESTORE, NOON, Verdict.RETRY), registrations=(WEB,)),
        observed(targets=(target(UNUSED),)),
        "trying again",
        timedelta(seconds=15),
    ),
]


@pytest.mark.parametrize(
    ("confirmed", "since"),
    [(Cause.SYSTEM_IMPAIRED, after(minutes=-3)), (Cause.APPLICATION_DOWN, after(minutes=-1))],
    ids=["it had its time", "its application is what failed"],
)
def test_an_application_that_does_not_follow_is_waited_for_no_longer(confirmed: Cause, since: datetime) -> None:
    so_far = case(EVIDENCE, confirmed_cause=confirmed, cause=Cause.APPLICATION_DOWN, since=since)

    assert isinstance(decided(so_far, APP_DOWN), Escalate)


@pytest.mark.parametrize(("so_far", "facts", "words", "pause"), [r[1:] for r in WAITS], ids=[r[0] for r in WAITS])
def test_waiting_says_why_and_until_when(so_far: Case, facts: Observation, words: str, pause: timedelta) -> None:
    decision = decided(so_far, facts)

    assert isinstance(decision, Wait), decision
    assert words in decision.reason
    assert decision.look_again_at == NOON + pause


@pytest.mark.parametrize("guard", sorted(SPOKEN_FOR))
def test_whoever_has_heard_of_its_zone_hears_nothing_while_its_application_may_follow(guard: str) -> None:
    so_far = case(EVIDENCE, cause=Cause.APPLICATION_DOWN, since=after(minutes=-1), held_by=guard)

    decision = decided(so_far, APP_DOWN)

    assert isinstance(decision, Hold)
    assert (decision.guard, decision.look_again_at) == (guard, after(seconds=15))
