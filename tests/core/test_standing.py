"""What an incident remembers of a case."""

from __future__ import annotations

import pytest

from defib.core.case import Outcome
from defib.core.standing import member_of
from tests.core.facts import NOON, case

WORKS = frozenset({Outcome.NOTHING_WRONG, Outcome.RECOVERED, Outcome.HEALED, Outcome.REPLACED, Outcome.GAVE_WAY})
"""Nothing is lost with these: it works, another comes in its place, or its next case sees to it."""


@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_what_ends_though_nobody_has_seen_it_work_is_lost(outcome: Outcome | None) -> None:
    ended = case(outcome=outcome, closed_at=NOON if outcome else None)

    assert member_of(ended).is_lost is (outcome is not None and outcome not in WORKS)
