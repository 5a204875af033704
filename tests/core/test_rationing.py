"""Where too many fail to be looked at every minute, nobody is looked at twice in one, and everybody in turn."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from defib.core.limits import LOOK_MOST, Limits
from defib.core.model import Signal, Source
from defib.core.rationing import A_SECOND, AT_ONCE, FRESH, MINUTE, RESTING, in_turn, rationed, spread
from defib.core.stack import CROWD, in_crowd
from tests.core.facts import NOON

HOLD = timedelta(minutes=1)


def signals(first: int, count: int) -> list[Signal]:
    return [Signal(Source.SWEEP, f"i-{n:017x}", NOON, "it fails") for n in range(first, first + count)]


def test_whose_look_comes_before_the_next_sweep_is_left_alone() -> None:
    soon, new, later = signals(0, 60), signals(100, 60), signals(200, 40)
    looks = {s.instance_id: NOON + MINUTE for s in soon} | {s.instance_id: NOON + 3 * MINUTE for s in later}

    assert in_turn([*soon, *new, *later], looks, NOON) == [*new, *later]


@pytest.mark.parametrize(("count", "planned", "ration"), [(950, False, FRESH), (550, True, RESTING)])
def test_of_too_many_each_has_its_turn_and_each_minute_about_a_ration(count: int, planned: bool, ration: int) -> None:
    suspects = signals(0, count)
    looks = {s.instance_id: NOON + LOOK_MOST for s in suspects} if planned else {}
    turns = -(-count // ration)

    each = [in_turn(suspects, looks, NOON + n * MINUTE) for n in range(turns)]

    assert Counter(s.instance_id for turn in each for s in turn) == Counter(s.instance_id for s in suspects)
    assert all(ration / 2 < len(turn) < ration * 3 / 2 for turn in each)


def test_a_ration_is_all_there_is_when_that_is_no_more() -> None:
    assert rationed(["a", "b"], str, 2, NOON) == ["a", "b"]
    assert rationed([], str, 2, NOON) == []


@pytest.mark.parametrize(
    ("failing", "rest"),
    [
        (0, HOLD),
        (100, HOLD),
        (150, HOLD * 3 / 2),
        (1_000, HOLD * 10),
        (100_000, LOOK_MOST),
    ],
)
def test_the_more_fail_the_longer_does_each_that_waits_rest_so_that_all_together_cost_the_same(
    failing: int, rest: timedelta
) -> None:
    assert Limits(looks=100).hold_among(failing, HOLD) == rest


def test_none_is_looked_at_more_often_than_the_operator_wants() -> None:
    assert Limits(looks=100).hold_among(1_000, timedelta(hours=1)) == timedelta(hours=1)


def test_a_crowd_is_counted_in_steps_so_that_few_changes_are_worth_a_write() -> None:
    assert [in_crowd(n) for n in (0, CROWD - 1, CROWD, CROWD + 1, 2 * CROWD)] == [0, 0, CROWD, CROWD, 2 * CROWD]


def test_few_signals_come_at_once_and_many_over_the_minute_until_the_next_sweep() -> None:
    assert {spread(n) for n in range(AT_ONCE)} == {timedelta(0)}
    each = Counter(spread(n) for n in range(AT_ONCE, FRESH + RESTING))
    assert set(each.values()) == {A_SECOND}
    assert timedelta(seconds=1) in each
    assert max(each) < MINUTE
