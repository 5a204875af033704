"""What a case remembers of what was tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from defib.core.case import Action
from defib.core.model import Cause, Verdict
from tests.core.facts import NOON, attempt, case


@pytest.mark.parametrize(
    ("verdict", "claimed", "done_at"),
    [
        (None, True, None),
        (Verdict.DONE, True, NOON),
        (Verdict.LOST, True, NOON),
        (Verdict.LOST, False, None),
        (Verdict.RETRY, True, None),
        (Verdict.REFUSED, True, None),
        (Verdict.ABANDONED, False, None),
    ],
)
def test_an_act_counts_as_done_when_aws_took_it_or_may_have(
    verdict: Verdict | None, claimed: bool, done_at: datetime | None
) -> None:
    tried = replace(attempt(Action.STOP, verdict=verdict), claimed_at=NOON if claimed else None)

    assert tried.done_at == done_at


EVIDENCE = attempt(Action.EVIDENCE)


@pytest.mark.parametrize(
    ("verdict", "acted"),
    [
        (None, False),
        (Verdict.ABANDONED, False),
        (Verdict.RETRY, False),
        (Verdict.REFUSED, False),
        (Verdict.LOST, True),
        (Verdict.DONE, True),
    ],
)
def test_a_repair_begins_with_the_first_decision_and_has_acted_when_something_may_have_changed(
    verdict: Verdict | None, acted: bool
) -> None:
    set_about = case(EVIDENCE, replace(attempt(Action.REBOOT, verdict=verdict), claimed_at=NOON))

    assert (set_about.begun, set_about.acted) == (True, acted)
    assert (set_about.pending_act is not None) is (verdict is None)


@pytest.mark.parametrize(
    ("acts", "away"),
    [
        ((), False),
        ((Action.REBOOT,), False),
        ((Action.DRAIN,), True),
        ((Action.DRAIN, Action.RESTORE), False),
        ((Action.STOP,), True),
        ((Action.FORCE_STOP,), True),
        ((Action.STOP, Action.START), False),
        ((Action.ENTER_STANDBY, Action.STOP, Action.START), True),
        ((Action.ENTER_STANDBY, Action.STOP, Action.START, Action.EXIT_STANDBY), False),
    ],
)
def test_what_a_guard_holds_waits_its_turn_unless_defib_keeps_it_from_serving(
    acts: tuple[Action, ...], away: bool
) -> None:
    so_far = case(EVIDENCE, *(replace(attempt(action), claimed_at=NOON) for action in acts))

    assert so_far.is_away is away
    assert not so_far.waits_its_turn
    assert replace(so_far, held_by="stack_share").waits_its_turn is not away


def test_what_defib_has_started_and_has_fallen_again_still_keeps_its_place() -> None:
    started = case(EVIDENCE, *(replace(attempt(action), claimed_at=NOON) for action in (Action.STOP, Action.START)))
    fallen = replace(started, cause=Cause.STOPPED_UNASKED, held_by="stack_share")

    assert fallen.is_away
    assert not fallen.waits_its_turn


def test_evidence_begins_nothing() -> None:
    watched = case(attempt(Action.EVIDENCE, verdict=None))

    assert (watched.begun, watched.acted, watched.pending_act) == (False, False, None)
