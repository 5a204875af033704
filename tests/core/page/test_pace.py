"""How often another page is called, and what becomes of a call that fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.page.followed import About, Doing, Failing, Followed, Held, Item
from defib.core.page.model import ComponentStatus, Impact, IncidentStatus
from defib.core.page.pace import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MEND_PAUSE,
    PACE,
    SLOWER,
    SLOWER_MOST,
    UNDER_WAY,
    Failed,
    Failure,
    about_to,
    is_due,
    looking,
    nothing_left,
    went_well,
    went_wrong,
)
from defib.core.page.steps import Stand, Tell
from tests.core.page.shown import NOON, minutes

SECOND = timedelta(seconds=1)
ITEM = Item(About.INCIDENT, "1")
TELL = Tell(
    ITEM, "2", "Website", IncidentStatus.IDENTIFIED, Impact.MINOR, "It is being repaired.", NOON, NOON, ("8kbf",)
)
WHAT = TELL.what
STARTED = about_to(Followed(items=(ITEM,)), TELL, NOON)


@pytest.mark.parametrize(
    ("followed", "due"),
    [
        (Followed(), True),
        (Followed(quiet_until=NOON), True),
        (Followed(quiet_until=NOON + SECOND), False),
        (Followed(doing=Doing(WHAT, NOON)), True),
        (Followed(doing=Doing(WHAT, NOON + SECOND)), False),
        (Followed(quiet_until=NOON - SECOND, doing=Doing(WHAT, NOON + SECOND)), False),
        (Followed(quiet_until=NOON + SECOND, doing=Doing(WHAT, NOON - SECOND)), False),
    ],
)
def test_a_call_is_due_when_it_is_quiet_no_more_and_none_can_be_under_way(followed: Followed, due: bool) -> None:
    assert is_due(followed, NOON) is due


def test_before_an_update_is_told_it_is_remembered_which() -> None:
    started = about_to(Followed(items=(ITEM,)), replace(TELL, part="website"), NOON)
    assert started.doing == Doing("incident:1", NOON + UNDER_WAY, "2", "website")


def test_a_component_that_is_put_twice_does_no_harm_and_needs_no_mark() -> None:
    stand = Stand("8kbf", ComponentStatus.OPERATIONAL, "operational")
    assert about_to(Followed(), stand, NOON).doing == Doing("8kbf", NOON + UNDER_WAY)


def test_how_a_component_stands_there_is_not_known_until_the_call_has_come_back() -> None:
    before = {"8kbf": ComponentStatus.OPERATIONAL, "other": ComponentStatus.OPERATIONAL}
    stand = Stand("8kbf", ComponentStatus.MAJOR_OUTAGE, "major_outage")
    tell = replace(TELL, components={"other": ComponentStatus.MAJOR_OUTAGE})

    assert about_to(Followed(components=before), stand, NOON).components == {"other": ComponentStatus.OPERATIONAL}
    assert about_to(Followed(components=before), tell, NOON).components == {"8kbf": ComponentStatus.OPERATIONAL}


def test_a_look_has_its_own_time_and_keeps_what_is_looked_for() -> None:
    assert looking(STARTED, NOON + minutes(2)).doing == Doing(WHAT, NOON + minutes(2) + UNDER_WAY, "2")


def test_after_a_success_the_next_call_is_a_second_later_and_failures_are_forgotten() -> None:
    after = went_well(replace(STARTED, tries=5, failing=Failing(NOON, "503")), WHAT, NOON)
    assert (after.doing, after.quiet_until, after.tries, after.failing) == (None, NOON + PACE, 0, None)


def test_a_success_leaves_what_a_person_must_mend_elsewhere_as_it_is() -> None:
    failing, other = Failing(NOON, "422", told=True, mend=True), Held("incident:2", NOON + minutes(5))
    after = went_well(replace(STARTED, held=(other, Held(WHAT, NOON)), failing=failing), WHAT, NOON)
    assert (after.held, after.failing) == ((other,), failing)


# kind, Retry-After, calls that had failed before: how long it is quiet, whether a look comes first, whether it is held,
# whether a person must mend it.
FAILURES = [
    (Failure.UNANSWERED, None, 0, FIRST_PAUSE, True, False, False),
    (Failure.UNANSWERED, None, 1, 2 * FIRST_PAUSE, True, False, False),
    (Failure.UNANSWERED, None, 3, 8 * FIRST_PAUSE, True, False, False),
    (Failure.UNANSWERED, None, 99, LONGEST_PAUSE, True, False, False),
    (Failure.SLOWER, None, 0, SLOWER, False, False, False),
    (Failure.SLOWER, 7 * SECOND, 0, 7 * SECOND, False, False, False),
    (Failure.SLOWER, timedelta(0), 0, PACE, False, False, False),
    (Failure.SLOWER, timedelta(days=1), 0, SLOWER_MOST, False, False, False),
    (Failure.UNFIT, None, 0, PACE, False, True, True),
    (Failure.REFUSED, None, 0, MEND_PAUSE, False, False, True),
]


@pytest.mark.parametrize(("failure", "after", "before", "quiet", "looks", "held", "mend"), FAILURES)
def test_a_failed_call_is_made_again_as_its_kind_demands(
    failure: Failure, after: timedelta | None, before: int, quiet: timedelta, looks: bool, held: bool, mend: bool
) -> None:
    failed = went_wrong(replace(STARTED, tries=before), WHAT, Failed(failure, "no", after), NOON, looked=False)
    assert failed.quiet_until == NOON + quiet
    assert failed.tries == before + 1
    assert failed.doing == (replace(STARTED.doing, until=NOON) if looks and STARTED.doing else None)
    assert failed.held == ((Held(WHAT, NOON + MEND_PAUSE),) if held else ())
    assert failed.failing == Failing(NOON, "no", mend=mend)


@pytest.mark.parametrize("failure", list(Failure))
def test_a_look_that_fails_leaves_the_call_in_doubt_and_holds_nothing(failure: Failure) -> None:
    failed = went_wrong(looking(STARTED, NOON), WHAT, Failed(failure, "no"), NOON, looked=True)
    assert failed.doing == Doing(WHAT, NOON, "2")
    assert failed.held == ()
    assert failed.quiet_until is not None
    assert failed.quiet_until > NOON + PACE


def test_a_failure_that_lasts_keeps_its_beginning_and_that_staff_know() -> None:
    known = replace(STARTED, failing=Failing(NOON, "503", told=True))
    failed = went_wrong(known, WHAT, Failed(Failure.UNANSWERED, "502"), NOON + minutes(5), looked=False)
    assert failed.failing == Failing(NOON, "502", told=True)


def test_what_is_refused_again_is_held_once() -> None:
    known = replace(STARTED, held=(Held("incident:2", NOON), Held(WHAT, NOON)))
    failed = went_wrong(known, WHAT, Failed(Failure.UNFIT, "422"), NOON + minutes(5), looked=False)
    assert failed.held == (Held("incident:2", NOON), Held(WHAT, NOON + minutes(5) + MEND_PAUSE))


def test_where_nothing_is_left_to_tell_nothing_fails() -> None:
    failing = replace(STARTED, held=(Held(WHAT, NOON),), failing=Failing(NOON, "503"), tries=3)
    after = nothing_left(failing)
    assert (after.held, after.failing, after.tries) == ((), None, 0)
