"""What an incident remembers of a case."""

from __future__ import annotations

import pytest

from defib.core.case import Outcome
from defib.core.model import Cause
from defib.core.standing import member_of
from tests.core.facts import NOON, case

WORKS = frozenset({Outcome.NOTHING_WRONG, Outcome.RECOVERED, Outcome.HEALED, Outcome.REPLACED, Outcome.GAVE_WAY})
"""Nothing is lost with these: it works, another comes in its place, or its next case sees to it."""


@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_what_ends_though_nobody_has_seen_it_work_is_lost(outcome: Outcome | None) -> None:
    ended = case(outcome=outcome, closed_at=NOON if outcome else None)

    assert member_of(ended).is_lost is (outcome is not None and outcome not in WORKS)


def test_what_works_and_only_waited_for_work_by_aws_is_not_lost_with_its_service() -> None:
    ended = case(outcome=Outcome.LEFT_ALONE, closed_at=NOON, cause=Cause.EVENT_SCHEDULED)

    assert not member_of(ended).is_lost
