"""How many repairs were under way at once, and how many began within ten minutes: what the limits are held against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from defib.core.case import Action, Case
from defib.core.stack import RATE_WINDOW


def most_at_once(cases: Sequence[Case]) -> int:
    """The most repairs at any moment, each from its first act until its case is closed or handed over."""
    changes = [(at, 1) for case in cases for at in _begun(case)]
    changes += [(end, -1) for case in cases if _begun(case) for end in _over(case)]
    most = now = 0
    # One that ends makes room for one that begins at the same moment.
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most


def most_begun(cases: Sequence[Case]) -> int:
    """The most repairs that began within any ten minutes."""
    begun = sorted(at for case in cases for at in _begun(case))
    return max((sum(1 for at in begun if first <= at < first + RATE_WINDOW) for first in begun), default=0)


def _begun(case: Case) -> Sequence[datetime]:
    return sorted(a.intended_at for a in case.attempts if a.action is not Action.EVIDENCE)[:1]


def _over(case: Case) -> Sequence[datetime]:
    return sorted(at for at in (case.closed_at, case.handed_over_at) if at is not None)[:1]
