"""What holds for the whole stack: repairs counted over all services."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.announce import announce
from defib.core.case import Action, Case, Escalate, Hold, Wait
from defib.core.decide import decide
from defib.core.guards.limits import stack_rate, stack_share
from defib.core.guards.question import Question
from defib.core.incident import NoticeKind
from defib.core.limits import Limits
from defib.core.model import Cause, Checks, Diagnosis, Verdict
from defib.core.policy import Repair
from defib.core.stack import Begun, Stack
from defib.core.step import step
from tests.core.facts import NOON, OK, POLICY, SERVICE, after, attempt, case, impaired, observed

LIMITS = Limits()


@pytest.mark.parametrize(("seconds", "counted"), [(0, 2), (599, 2), (600, 1), (659, 1), (660, 0)])
def test_a_repair_counts_for_the_rate_for_ten_minutes_after_it_began_over_or_not(seconds: int, counted: int) -> None:
    stack = Stack(begun=(Begun("i-1-1", NOON, over=True), Begun("i-2-1", after(minutes=1)), Begun("mine-1", NOON)))

    assert stack.begun_lately("mine-1", after(seconds=seconds)) == counted


def test_a_limit_of_the_stack_is_said_once_an_incident() -> None:
    first, second = case(), case(instance_id="i-0aa2")
    incident, said = announce(None, first, replace(first, held_by="stack_rate"), POLICY, NOON)
    _, repeated = announce(incident, second, replace(second, held_by="stack_rate"), POLICY, NOON)

    assert [n.kind for n in said] == [NoticeKind.OPENED, NoticeKind.HELD]
    assert [n.kind for n in repeated] == [NoticeKind.PROGRESS]


ORDERED = case(attempt(Action.EVIDENCE), attempt(Action.REBOOT, verdict=None))
ABANDONED = case(attempt(Action.EVIDENCE), attempt(Action.REBOOT, verdict=Verdict.ABANDONED))
REBOOTED = case(attempt(Action.EVIDENCE), attempt(Action.REBOOT))


def test_a_repair_counts_from_the_decision_on_its_first_act_until_its_case_is_over() -> None:
    assert Stack().after(case(attempt(Action.EVIDENCE, verdict=None)), NOON) == Stack()

    begun = Stack().after(ORDERED, NOON)
    assert (begun.under_repair("another"), begun.under_repair(ORDERED.id)) == (1, 0)
    assert begun.begun_lately("another", NOON) == 1
    assert begun.after(REBOOTED, NOON) == begun

    over = begun.after(replace(REBOOTED, handed_over_at=NOON), NOON)
    assert (over.under_repair("another"), over.begun_lately("another", NOON)) == (0, 1)


@pytest.mark.parametrize(
    ("so_far", "counts"),
    [
        (replace(ABANDONED, held_by="stack_share"), 0),
        (replace(REBOOTED, held_by="instance_store_data"), 0),
        (case(attempt(Action.EVIDENCE), attempt(Action.STOP), held_by="zone_impaired"), 1),
        (case(attempt(Action.EVIDENCE), attempt(Action.STOP), held_by="observe_mode"), 0),
        (case(attempt(Action.EVIDENCE), attempt(Action.STOP), held_by="owned_by_others"), 0),
        (case(attempt(Action.EVIDENCE), attempt(Action.REBOOT, verdict=Verdict.RETRY)), 1),
    ],
    ids=[
        "before anything was done",
        "after a reboot",
        "while it is stopped",
        "stopped, and only to be watched by now",
        "stopped, and another's by now",
        "not held, to be tried again",
    ],
)
def test_what_is_held_gives_its_place_back_unless_defib_keeps_it_from_serving(so_far: Case, counts: int) -> None:
    assert Stack().after(ORDERED, NOON).after(so_far, NOON).under_repair("another") == counts


@pytest.mark.parametrize(
    ("so_far", "counts"),
    [
        (case(attempt(Action.EVIDENCE), attempt(Action.STOP), attempt(Action.START), idle=True), 0),
        (case(attempt(Action.EVIDENCE), attempt(Action.REPLACE), idle=True), 1),
    ],
    ids=["it runs again, and the list of events has yet to hear of it", "its group terminates it"],
)
def test_where_defib_has_done_its_part_only_what_serves_nobody_keeps_its_place(so_far: Case, counts: int) -> None:
    assert Stack().after(ORDERED, NOON).after(so_far, NOON).under_repair("another") == counts


def test_a_place_that_was_given_back_is_taken_anew_only_by_the_next_decision_to_act() -> None:
    gave_back = Stack().after(ORDERED, NOON).after(replace(ABANDONED, held_by="stack_share"), NOON)
    assert gave_back.after(ABANDONED, NOON) == gave_back

    again = gave_back.after(replace(ORDERED, attempts=(*ABANDONED.attempts, ORDERED.attempts[-1])), after(minutes=2))
    assert again.begun == (Begun(ORDERED.id, after(minutes=2)),)


FULL = Stack(running=9, begun=(Begun("another-1", NOON),))
OURS = Begun(REBOOTED.id, NOON)


@pytest.mark.parametrize(
    ("so_far", "own", "action", "held"),
    [
        (case(attempt(Action.EVIDENCE)), (), Action.REBOOT, True),
        # What was decided while more ran and came to nothing.
        (ABANDONED, (OURS,), Action.REBOOT, True),
        (REBOOTED, (OURS,), Action.STOP, False),
        # What a guard has held since has given its place back.
        (REBOOTED, (), Action.STOP, True),
        (REBOOTED, (replace(OURS, over=True),), Action.STOP, True),
        (REBOOTED, (replace(OURS, at=after(minutes=2)),), Action.STOP, True),
        (case(attempt(Action.EVIDENCE), attempt(Action.STOP)), (), Action.START, False),
        (case(attempt(Action.EVIDENCE)), (), Action.START, True),
    ],
)
def test_where_the_share_is_under_repair_only_what_has_a_place_and_has_used_it_goes_on(
    so_far: Case, own: tuple[Begun, ...], action: Action, held: bool
) -> None:
    stack = replace(FULL, begun=(*FULL.begun, *own))
    asked = Question(action, so_far, observed(stack=stack), SERVICE, POLICY, after(minutes=5))

    assert (stack_share(asked) is not None) is held


@pytest.mark.parametrize(("so_far", "held"), [(ABANDONED, True), (REBOOTED, False)])
def test_a_repair_is_begun_once_for_the_rate_when_something_was_done(so_far: Case, held: bool) -> None:
    stack = Stack(running=1_000, begun=tuple(Begun(f"another-{n}", NOON) for n in range(LIMITS.rate)))
    asked = Question(Action.STOP, so_far, observed(stack=stack), SERVICE, POLICY, after(minutes=5))

    assert (stack_rate(asked) is not None) is held


def test_a_repair_that_is_long_over_is_forgotten() -> None:
    stack = Stack(begun=(Begun("i-1-1", NOON, over=True), Begun("i-2-1", NOON)))
    later = stack.after(case(attempt(Action.STOP, verdict=None)), after(minutes=10))

    assert [b.case_id for b in later.begun] == ["i-2-1", "i-0aa1-1"]


@pytest.mark.parametrize(("running", "allowed"), [(None, 1), (3, 1), (14, 2), (15, 3), (10_000, 2000)])
def test_the_share_is_rounded_down_but_one_is_always_allowed(running: int | None, allowed: int) -> None:
    assert LIMITS.at_once(running) == allowed


CROWDED = Stack(failing=1_000)
RESTS = Limits().hold_among(1_000, Repair().hold)


@pytest.mark.parametrize(
    ("so_far", "rests"),
    [
        (case(attempt(Action.EVIDENCE)), RESTS),
        (case(attempt(Action.EVIDENCE), handed_over_at=NOON), RESTS),
        # What has begun holds a place that others wait for.
        (case(attempt(Action.EVIDENCE), attempt(Action.REBOOT, after(minutes=-10))), Repair().hold),
    ],
    ids=["waits for its turn", "is left to people", "has been begun"],
)
def test_in_a_crowd_what_waits_is_looked_at_less_often(so_far: Case, rests: timedelta) -> None:
    full = observed(stack=CROWDED, under_repair=POLICY.services[0].concurrent_repairs)

    decision = decide(so_far, full, Diagnosis(Cause.INSTANCE_IMPAIRED, after(minutes=-20), ()), POLICY, NOON)

    assert isinstance(decision, Hold | Wait)
    assert decision.look_again_at == NOON + rests
    assert Repair().hold < RESTS


AN_HOUR_AND_A_HALF = timedelta(minutes=90)
HELD_IN_LINE = case(attempt(Action.EVIDENCE), held_by="concurrent_repairs", confirmed_at=NOON - AN_HOUR_AND_A_HALF)


@pytest.mark.parametrize(
    ("newest", "stands"),
    [(timedelta(minutes=74), False), (timedelta(minutes=75), True), (None, False)],
    ids=["another has begun lately", "none has for as long as one may take", "not known"],
)
def test_what_waits_its_turn_waits_for_as_long_as_the_line_moves(newest: timedelta | None, stands: bool) -> None:
    begun = (Begun("first-1", NOON - timedelta(hours=9)), Begun("newest-1", NOON - newest)) if newest else ()
    full = observed(stack=Stack(begun=begun, running=100), under_repair=POLICY.services[0].concurrent_repairs)

    decision = decide(HELD_IN_LINE, full, Diagnosis(Cause.INSTANCE_IMPAIRED, after(hours=-2), ()), POLICY, NOON)

    assert isinstance(decision, Escalate if stands else Hold), decision
    assert not stands or "it waits its turn, and for 75 minutes no other has come" in decision.reason


def test_what_has_its_turn_at_last_has_all_the_time_of_a_repair() -> None:
    facts = observed(checks=Checks(OK, impaired(after(hours=-2))))

    taken, _ = step(HELD_IN_LINE, facts, POLICY, NOON)

    assert taken.intent is not None
    assert taken.intent.action is Action.REBOOT
    assert taken.resumed_at == NOON
