"""Where too many fail to be looked at every minute, nobody is looked at twice in one, and everybody in turn."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defib.core.detection import MINUTE
from defib.core.diagnose import diagnose
from defib.core.limits import LOOK_MOST, Limits
from defib.core.maintenance import UNTIL_TAG
from defib.core.model import NOT_FAILING, Cause, Check, Checks, CheckStatus, Event, Observation, Signal, Source
from defib.core.page.settings import PageSettings
from defib.core.rationing import (
    A_SECOND,
    AT_ONCE,
    FRESH,
    RESTING,
    PlannedLook,
    by_service,
    fresh,
    in_turn,
    rationed,
    spread,
    turns,
)
from defib.core.stack import CROWD, in_crowd
from defib.core.suspect import Suspect, suspect_of
from tests.core.facts import NOON, OK, POLICY, after, impaired, observed

HOLD = timedelta(minutes=1)


def suspects(
    first: int, count: int, cause: Cause = Cause.INSTANCE_IMPAIRED, *, expected: bool = False
) -> list[Suspect]:
    signals = [Signal(Source.SWEEP, f"i-{n:017x}", NOON, "it fails") for n in range(first, first + count)]
    return [Suspect(signal, "web", cause, expected) for signal in signals]


def planned(found: list[Suspect], at: datetime, cause: Cause = Cause.INSTANCE_IMPAIRED) -> dict[str, PlannedLook]:
    return {s.instance_id: PlannedLook(at, cause) for s in found}


def test_whose_look_comes_before_the_next_sweep_or_waits_in_the_queue_is_left_alone() -> None:
    overdue, soon, new, later = suspects(0, 20), suspects(20, 60), suspects(100, 60), suspects(200, 40)
    looks = {**planned(overdue, NOON - MINUTE), **planned(soon, NOON + MINUTE), **planned(later, NOON + 3 * MINUTE)}

    assert in_turn([*overdue, *soon, *new, *later], looks, NOON) == [*new, *later]


@pytest.mark.parametrize(
    ("count", "known", "cause", "ration"),
    [
        (750, False, Cause.INSTANCE_IMPAIRED, FRESH),
        (390, True, Cause.INSTANCE_IMPAIRED, RESTING),
        (390, False, Cause.EVENT_SCHEDULED, RESTING),
    ],
)
def test_of_too_many_each_has_its_turn_and_each_minute_about_a_ration(
    count: int, known: bool, cause: Cause, ration: int
) -> None:
    found = suspects(0, count, cause)
    looks = planned(found, NOON + LOOK_MOST) if known else {}

    each = [in_turn(found, looks, NOON + n * MINUTE) for n in range(turns(count, ration))]

    assert Counter(s.instance_id for turn in each for s in turn) == Counter(s.instance_id for s in found)
    assert all(ration / 3 < len(turn) < ration * 3 / 2 for turn in each)


@pytest.mark.parametrize("cause", sorted(NOT_FAILING))
def test_a_failure_of_which_the_open_case_knows_nothing_takes_no_turn_among_those_that_are_known(cause: Cause) -> None:
    known, unknown = suspects(0, 900), suspects(1_000, 20)
    looks = {**planned(known, after(hours=9)), **planned(unknown, after(hours=9), cause)}

    assert fresh([*known, *unknown], looks, NOON) == unknown
    for minute in range(turns(900, RESTING)):
        assert in_turn([*known, *unknown], looks, NOON + minute * MINUTE)[: len(unknown)] == unknown


@pytest.mark.parametrize("cause", [Cause.EVENT_SCHEDULED, Cause.INSTANCE_IMPAIRED])
def test_a_failure_at_which_the_open_case_looks_before_the_next_sweep_waits_for_that(cause: Cause) -> None:
    found = suspects(0, 20)
    looks = planned(found, NOON + MINUTE, cause)

    assert in_turn(found, looks, NOON) == []
    assert fresh(found, looks, NOON) == []


def test_a_planned_outage_of_which_the_open_case_knows_nothing_has_its_turn_among_the_planned_ones() -> None:
    found = suspects(0, 20, expected=True)
    looks = planned(found, NOON + LOOK_MOST, Cause.EVENT_SCHEDULED)

    assert fresh(found, looks, NOON) == []
    assert in_turn(found, looks, NOON) == found


def test_what_is_expected_takes_no_turn_of_what_is_not() -> None:
    failing = suspects(0, FRESH)
    foreseen, announced = suspects(1_000, 900, expected=True), suspects(2_000, 900, Cause.EVENT_SCHEDULED)

    assert in_turn([*foreseen, *announced, *failing], {}, NOON)[:FRESH] == failing
    assert fresh([*foreseen, *announced, *failing], {}, NOON) == failing
    assert by_service(failing) == {"web": FRESH}


@pytest.mark.parametrize(
    ("count", "minutes"), [(0, 1), (FRESH, 1), (FRESH + 1, 2), (2 * FRESH, 2), (950, 16), (3_000, 32), (100_000, 1024)]
)
def test_the_last_turn_comes_in_fewer_minutes_than_twice_as_many_as_there_are_rations(count: int, minutes: int) -> None:
    assert turns(count, FRESH) == minutes
    assert minutes == 1 or minutes < 2 * -(-count // FRESH)


@given(
    st.lists(st.integers(0, 1_500), min_size=1, max_size=64).map(lambda fell: sorted(fell, reverse=True)),
    st.integers(0, 10_000),
    st.integers(0, 100_000),
)
def test_nobodys_turn_is_put_off_while_the_others_grow_fewer(waiting: list[int], one: int, minute: int) -> None:
    """Whoever waits has its turn within the turns of the most that there were, however fast the others go."""
    name = f"i-{one:017x}"
    bound = turns(waiting[0] + 1, FRESH)
    counts = [waiting[min(n, len(waiting) - 1)] for n in range(bound)]

    # The others are only a number to it.
    taken = [
        name in rationed([name, *[""] * n], str, FRESH, NOON + (minute + k) * MINUTE) for k, n in enumerate(counts)
    ]

    assert any(taken)


IMPAIRED = Checks(OK, impaired())
UNTIL = after(hours=1).isoformat()
ANNOUNCED = Checks(OK, OK, events=(Event("instance-retirement", after(days=9)),))
PAGE = PageSettings(hold=timedelta(minutes=3))


@pytest.mark.parametrize(
    ("facts", "at", "fails", "lasts"),
    [
        (observed(checks=IMPAIRED), NOON, True, False),
        (observed(checks=IMPAIRED), after(minutes=3), True, True),
        (observed(checks=Checks(OK, Check(CheckStatus.IMPAIRED, after(minutes=1)))), after(minutes=3), True, False),
        (observed(checks=IMPAIRED, tags={**observed().tags, UNTIL_TAG: UNTIL}), NOON, False, False),
        (observed(checks=ANNOUNCED), NOON, False, False),
    ],
    ids=["just now", "for long enough for customers to hear of it", "not for that long", "as planned", "announced"],
)
def test_a_suspect_fails_unless_that_is_planned_or_only_announced(
    facts: Observation, at: datetime, fails: bool, lasts: bool
) -> None:
    policy = replace(POLICY, page=PAGE)

    found = suspect_of(facts, diagnose(facts, None, policy, at), policy, at)

    assert found is not None
    assert (found.service, found.fails, found.lasts) == ("web", fails, lasts)


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
