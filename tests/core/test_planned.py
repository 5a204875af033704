"""What AWS has announced of an instance that works: when it is a case, when it is restarted, and whom it disturbs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Escalate, Outcome, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.heals import heals_before
from defib.core.maintenance import DAYS, UNTIL_TAG, Maintenance, next_window
from defib.core.model import Cause, Checks, Event, Observation, TargetHealth, Verdict
from defib.core.planned import announced, at_rest, told_as
from defib.core.policy import Policy
from tests.core.announced import EVIDENCE, LATER, MOVED, RETIREMENT, TOO_LATE, WAITING, waiting, wants
from tests.core.facts import NOON, OK, POLICY, after, attempt, case, impaired, observed, target

AHEAD = observed(checks=Checks(OK, OK, events=(RETIREMENT,)))
NOW_ON = Maintenance("11:00", timedelta(hours=2), days=DAYS)
UNANSWERED = replace(attempt(Action.EXIT_STANDBY, verdict=Verdict.LOST), claimed_at=NOON)


def decided(so_far: Case, facts: Observation, limits: Policy, now: datetime = NOON) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, limits, now), limits, now)


@pytest.mark.parametrize(
    ("code", "begins", "so_far", "cause"),
    [
        ("instance-retirement", after(days=14), None, Cause.EVENT_SCHEDULED),
        ("instance-stop", after(minutes=1), None, Cause.EVENT_SCHEDULED),
        ("instance-reboot", after(days=1), None, Cause.EVENT_SCHEDULED),
        ("system-reboot", after(days=1), None, Cause.EVENT_SCHEDULED),
        ("system-maintenance", after(days=1), None, Cause.EVENT_SCHEDULED),
        ("something-new", after(days=1), None, Cause.HEALTHY),
        ("instance-retirement", NOON, None, Cause.HEALTHY),
        ("instance-retirement", NOON, WAITING, Cause.EVENT_SCHEDULED),
        ("instance-retirement", after(days=1), case(), Cause.HEALTHY),
        ("instance-retirement", after(days=1), case(confirmed_at=None, confirmed_cause=None), Cause.EVENT_SCHEDULED),
    ],
)
def test_an_event_to_come_is_a_cause_except_in_the_middle_of_a_repair(
    code: str, begins: datetime, so_far: Case | None, cause: Cause
) -> None:
    facts = observed(checks=Checks(OK, OK, events=(Event(code, begins),)))

    assert diagnose(facts, so_far, POLICY, NOON).cause is cause


def test_of_two_events_at_one_time_it_is_always_the_same_whichever_ec2_lists_first() -> None:
    both = Event("instance-stop", after(days=2)), Event("system-maintenance", after(days=2))

    first, second = (announced(Checks(OK, OK, events=e), after(days=-30), None, NOON) for e in (both, both[::-1]))

    assert first == second == both[0]


@pytest.mark.parametrize(
    "changes",
    [{"checks": Checks(OK, impaired(), events=(RETIREMENT,))}, {"targets": (target(TargetHealth.UNHEALTHY),)}],
)
def test_what_fails_is_diagnosed_by_its_failure(changes: dict[str, object]) -> None:
    assert diagnose(replace(AHEAD, **changes), None, POLICY, NOON).cause is not Cause.EVENT_SCHEDULED  # type: ignore[arg-type]  # keyword arguments of one known dataclass


@pytest.mark.parametrize(
    ("limits", "tag", "acts"),
    [
        (wants(NOW_ON), "", True),
        (wants(NOW_ON, LATER), "", True),
        (wants(LATER), "", False),
        (wants(TOO_LATE), "", False),
        (wants(), "", False),
        (wants(NOW_ON, planned_restart=False), "", False),
        (replace(wants(), maintenance=(NOW_ON,)), "", True),
        (wants(NOW_ON), "2026-04-30T13:00:00Z", False),
        (wants(NOW_ON), "2026-04-30T11:00:00Z", True),
    ],
    ids=["on", "one is on", "later", "too late", "none", "not wanted", "of all", "a person is at it", "is done"],
)
def test_it_is_restarted_in_a_window_before_its_time_and_nowhere_else(limits: Policy, tag: str, acts: bool) -> None:
    facts = replace(AHEAD, tags={**AHEAD.tags, UNTIL_TAG: tag}) if tag else AHEAD

    decision = decided(waiting(EVIDENCE), facts, limits)

    assert isinstance(decision, Act if acts else Wait)
    assert not isinstance(decision, Act) or decision.action is Action.STOP


def test_after_a_stop_of_which_ec2_does_not_know_yet_it_waits() -> None:
    decision = decided(waiting(EVIDENCE, attempt(Action.STOP)), AHEAD, wants(NOW_ON))

    assert isinstance(decision, Wait)
    assert decision.reason == "EC2's reads lag behind the stop"


@pytest.mark.parametrize(
    ("limits", "now", "looks"),
    [
        (wants(LATER), NOON, after(hours=1)),
        (wants(LATER), after(hours=7, minutes=40), after(hours=8)),
        (wants(), after(days=1, hours=23, minutes=30), after(days=2)),
        (wants(), after(days=3), after(days=3, hours=1)),
    ],
)
def test_it_looks_again_when_the_window_begins_or_the_time_has_come_and_once_an_hour(
    limits: Policy, now: datetime, looks: datetime
) -> None:
    decision = decided(WAITING, AHEAD, limits, now)

    assert isinstance(decision, Wait)
    assert decision.look_again_at == looks


def test_a_move_that_aws_refuses_is_peoples_business_even_within_the_window() -> None:
    refused = waiting(EVIDENCE, attempt(Action.STOP, verdict=Verdict.REFUSED, code="UnsupportedOperation"))

    decision = decided(refused, AHEAD, wants(NOW_ON))

    assert isinstance(decision, Escalate)
    assert "UnsupportedOperation" in decision.reason


def test_a_move_that_does_not_end_well_is_peoples_business_even_within_the_window() -> None:
    moved = waiting(EVIDENCE, attempt(Action.STOP), attempt(Action.START), attempt(Action.STOP), attempt(Action.START))
    sick = observed(checks=Checks(OK, impaired()), launched_at=NOON)

    decision = decided(replace(moved, cause=Cause.INSTANCE_IMPAIRED), sick, wants(NOW_ON), after(minutes=30))

    assert isinstance(decision, Escalate)


def test_a_stop_that_aws_throttles_is_tried_again_after_a_pause() -> None:
    throttled = waiting(EVIDENCE, attempt(Action.STOP, verdict=Verdict.RETRY))

    assert isinstance(decided(throttled, AHEAD, wants(NOW_ON), after(seconds=1)), Wait)
    assert isinstance(decided(throttled, AHEAD, wants(NOW_ON), after(minutes=5)), Act)


@pytest.mark.parametrize(
    ("attempts", "rests"),
    [
        ((), True),
        ((EVIDENCE,), True),
        ((EVIDENCE, attempt(Action.DRAIN, verdict=None)), False),
        ((EVIDENCE, attempt(Action.DRAIN)), False),
        ((EVIDENCE, attempt(Action.DRAIN, verdict=Verdict.LOST)), True),
        ((EVIDENCE, attempt(Action.DRAIN), attempt(Action.RESTORE)), True),
        ((EVIDENCE, attempt(Action.ENTER_STANDBY)), False),
        ((EVIDENCE, attempt(Action.ENTER_STANDBY), attempt(Action.EXIT_STANDBY)), True),
        ((EVIDENCE, attempt(Action.ENTER_STANDBY), UNANSWERED), False),
        ((EVIDENCE, attempt(Action.ENTER_STANDBY), UNANSWERED, UNANSWERED), True),
        ((EVIDENCE, attempt(Action.STOP)), False),
        ((EVIDENCE, attempt(Action.STOP, verdict=Verdict.REFUSED)), True),
    ],
)
def test_it_is_at_rest_while_nothing_is_taken_from_it(attempts: tuple[Attempt, ...], rests: bool) -> None:
    assert at_rest(waiting(*attempts)) is rests


NEXT: list[tuple[Maintenance, datetime, str]] = [
    (Maintenance("02:30", timedelta(hours=2), "Europe/Berlin", days=("sun",)), NOON, "2026-05-03 00:30"),
    (Maintenance("12:00", timedelta(hours=1), days=("thu",)), NOON, "2026-05-07 12:00"),
    (Maintenance("12:01", timedelta(hours=1), days=("thu",)), NOON, "2026-04-30 12:01"),
    (Maintenance("00:30", timedelta(hours=1), "Pacific/Auckland", days=("fri",)), NOON, "2026-04-30 12:30"),
    (Maintenance("12:00", timedelta(hours=1), date="2026-12-24"), NOON, "2026-12-24 12:00"),
    (Maintenance("12:00", timedelta(hours=1), date="2026-04-29"), NOON, "none"),
]


@pytest.mark.parametrize(("entry", "now", "begins"), NEXT)
def test_the_next_window_is_the_first_that_has_not_begun(entry: Maintenance, now: datetime, begins: str) -> None:
    found = next_window(wants(entry), wants(entry).services[0], now)

    assert (f"{found.start:%Y-%m-%d %H:%M}" if found is not None else "none") == begins


@pytest.mark.parametrize(
    ("attempts", "launched", "words"),
    [
        ((), after(days=-30), "AWS has done or called off the instance-retirement"),
        (MOVED, after(minutes=-8), "it is on another host"),
        ((), after(minutes=-8), "the instance-retirement is off since somebody else started it at 11:52:00 UTC"),
    ],
    ids=["by AWS", "by Defib", "by a person"],
)
def test_an_event_that_is_announced_no_more_ends_its_case_and_says_by_whom(
    attempts: tuple[Attempt, ...], launched: datetime, words: str
) -> None:
    so_far = waiting(*attempts, healthy_since=after(minutes=-6), opened_at=after(days=-1))

    decision = decided(so_far, observed(launched_at=launched), wants())

    assert isinstance(decision, Close)
    assert words in decision.reason


@pytest.mark.parametrize(("minutes", "asks"), [(51, False), (52, True)])
def test_what_has_moved_is_given_the_hour_that_the_list_of_events_may_take_to_hear_of_it(
    minutes: int, asks: bool
) -> None:
    moved = waiting(*MOVED, healthy_since=after(minutes=-6), opened_at=after(days=-1))
    still_announced = replace(AHEAD, launched_at=after(minutes=-8))

    decision = decided(moved, still_announced, wants(), after(minutes=minutes))

    assert isinstance(decision, Escalate if asks else Wait)
    assert decision.look_again_at <= after(minutes=52) or asks
    assert asks or decision.look_again_at <= after(minutes=minutes + 5)


def test_an_announcement_of_which_the_case_has_not_heard_yet_begins_nothing() -> None:
    unheard = replace(WAITING, event=None)

    assert isinstance(decided(unheard, AHEAD, wants(NOW_ON)), Wait)


def test_a_move_is_no_heal_of_a_flapping_instance() -> None:
    moved = replace(WAITING, closed_at=NOON, outcome=Outcome.HEALED)

    assert heals_before(moved, NOON) == ()
    assert heals_before(replace(moved, confirmed_cause=Cause.INSTANCE_IMPAIRED), NOON) == (NOON,)


def test_what_people_heard_of_a_guard_while_it_worked_does_not_count_when_it_fails() -> None:
    assert told_as("minimum_healthy", Cause.EVENT_SCHEDULED) == "planned:minimum_healthy"
    assert told_as("minimum_healthy", Cause.INSTANCE_IMPAIRED) == "minimum_healthy"
