"""An instance that was restarted as planned: while that goes on, and once it serves again and only AWS's list lags."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from defib.core.case import Action, Case, Close, Outcome
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.maintenance import DAYS, Maintenance
from defib.core.model import Cause, Checks, InstanceState, Observation, TargetHealth
from defib.core.planned import gives_way
from defib.core.step import step
from tests.core.announced import EVIDENCE, MOVED, RETIREMENT, WAITING, waiting, wants
from tests.core.facts import INITIALIZING, NOON, OK, POLICY, WEB, after, attempt, impaired, observed, target

NOW_ON = Maintenance("11:00", timedelta(hours=3), days=DAYS)
ACTS = (EVIDENCE, attempt(Action.DRAIN), *MOVED, attempt(Action.RESTORE))
MOVING = waiting(*ACTS, healthy_since=after(minutes=-6), opened_at=after(days=-1), registrations=(WEB,))
BACK = replace(MOVING, idle=True)
AHEAD = observed(checks=Checks(OK, OK, events=(RETIREMENT,)), targets=(target(TargetHealth.HEALTHY),))
AGAIN = replace(AHEAD, launched_at=after(minutes=-8))
"""It runs on another host, and AWS's list of events has not heard of that."""
FAILS: dict[str, Any] = {"checks": Checks(OK, impaired(after(minutes=20)), events=(RETIREMENT,))}
STARTS_UP: dict[str, Any] = {"checks": Checks(INITIALIZING, INITIALIZING, events=(RETIREMENT,))}
HEARD: dict[str, Any] = {"checks": Checks(OK, OK)}


def joins(health: TargetHealth) -> dict[str, Any]:
    return {"targets": (target(health),)}


@pytest.mark.parametrize(
    ("facts", "idle"),
    [({}, True), (FAILS, False), (joins(TargetHealth.INITIAL), False), (HEARD, False)],
    ids=["it is back", "it fails again", "not yet back in its load balancer", "the list has heard"],
)
def test_of_what_has_moved_and_is_back_only_the_list_of_events_is_waited_for(facts: dict[str, Any], idle: bool) -> None:
    so_far, _ = step(MOVING, replace(AGAIN, **facts), wants(), NOON)

    assert (so_far.idle, so_far.held_by) == (idle, "")


@pytest.mark.parametrize(
    ("facts", "minutes"),
    [
        (FAILS, 20),
        (STARTS_UP, 20),
        (joins(TargetHealth.INITIAL), 20),
        (joins(TargetHealth.DRAINING), 20),
        (joins(TargetHealth.UNUSED), 20),
        ({}, 60),
    ],
    ids=[
        "it fails",
        "it starts up",
        "registered anew",
        "drained by others",
        "deregistered by others",
        "people have it",
    ],
)
def test_what_was_once_back_stays_done_and_nothing_more_is_done_to_it(facts: dict[str, Any], minutes: int) -> None:
    so_far, _ = step(BACK, replace(AGAIN, **facts), wants(NOW_ON), after(minutes=minutes))

    assert (so_far.idle, so_far.closed_at, so_far.attempts) == (True, None, BACK.attempts)
    assert (so_far.handed_over_at is not None) is (minutes == 60)


@pytest.mark.parametrize("handed_over", [None, after(minutes=52)], ids=["", "people have it"])
@pytest.mark.parametrize(
    "facts",
    [
        {"checks": Checks(OK, impaired(after(minutes=70)), events=(RETIREMENT,))},
        {"state": InstanceState.STOPPED, "checks": None, "state_reason_code": "Server.InternalError"},
        {**STARTS_UP, "launched_at": after(minutes=66)},
    ],
    ids=["it fails", "it has stopped", "it never boots"],
)
def test_whatever_becomes_of_it_later_is_a_case_of_its_own(facts: dict[str, Any], handed_over: datetime | None) -> None:
    seen, _ = step(replace(BACK, handed_over_at=handed_over), replace(AGAIN, **facts), wants(), after(minutes=70))
    assert (seen.closed_at, seen.attempts) == (None, BACK.attempts)
    closed, _ = step(seen, replace(AGAIN, **facts), wants(), after(minutes=90))

    assert (closed.outcome, closed.attempts) == (Outcome.GAVE_WAY, BACK.attempts)


def test_what_people_have_put_right_in_the_middle_of_it_is_back_as_well() -> None:
    handed_over = replace(MOVING, handed_over_at=NOON, healthy_since=None)

    joining, _ = step(handed_over, replace(AGAIN, **joins(TargetHealth.INITIAL)), wants(), after(minutes=1))
    well, _ = step(joining, AGAIN, wants(), after(minutes=2))
    stable, _ = step(well, AGAIN, wants(), after(minutes=20))

    assert [joining.idle, well.idle, stable.idle] == [False, False, True]


def test_it_is_over_when_the_list_has_heard_whatever_others_do_to_it_by_then() -> None:
    heard = replace(AGAIN, **HEARD, **joins(TargetHealth.DRAINING))

    decision = decide(BACK, heard, diagnose(heard, BACK, wants(), after(minutes=30)), wants(), after(minutes=30))

    assert isinstance(decision, Close)
    assert decision.outcome is Outcome.HEALED


@pytest.mark.parametrize(
    ("so_far", "gives"),
    [
        (WAITING, True),
        (MOVING, False),
        (BACK, True),
        (replace(BACK, handed_over_at=NOON), True),
        (waiting(attempt(Action.REPLACE), idle=True), False),
        (replace(BACK, confirmed_cause=Cause.SYSTEM_IMPAIRED), False),
    ],
    ids=["it waits", "in the middle of it", "it is back", "people have it", "its group replaces it", "it was a repair"],
)
def test_a_failure_is_another_matter_unless_it_is_one_of_the_restart_itself(so_far: Case, gives: bool) -> None:
    assert gives_way(so_far) is gives


@pytest.mark.parametrize(("minutes", "heeded"), [(59, False), (60, True)])
def test_what_is_announced_within_the_hour_after_a_start_may_be_about_the_host_before(
    minutes: int, heeded: bool
) -> None:
    facts, now = replace(AHEAD, launched_at=NOON), after(minutes=minutes)

    assert diagnose(facts, None, POLICY, now).cause is (Cause.EVENT_SCHEDULED if heeded else Cause.HEALTHY)
    assert diagnose(facts, WAITING, POLICY, now).cause is Cause.EVENT_SCHEDULED


def begun_at(so_far: Case, facts: Observation, minutes: int) -> tuple[Action, datetime | None]:
    begun, _ = step(so_far, facts, wants(NOW_ON), after(minutes=minutes))
    assert begun.intent is not None
    return begun.intent.action, begun.failing_since


def test_a_planned_restart_is_dated_from_its_first_act_since_it_was_last_at_rest() -> None:
    yesterday = after(days=-1)
    given_back = (EVIDENCE, attempt(Action.DRAIN, yesterday), attempt(Action.RESTORE, yesterday))
    tried = waiting(*given_back, failing_since=yesterday, registrations=(WEB,))
    drained = waiting(*given_back, attempt(Action.DRAIN), failing_since=NOON, registrations=(WEB,))

    assert begun_at(WAITING, AHEAD, 0) == (Action.EVIDENCE, WAITING.failing_since)
    assert begun_at(tried, AHEAD, 0) == (Action.DRAIN, NOON)
    assert begun_at(drained, replace(AHEAD, targets=()), 9) == (Action.STOP, NOON)
