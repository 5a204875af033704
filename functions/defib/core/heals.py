"""How often an instance was healed lately, which each of its cases hands on to the next."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.case import Case, Outcome
from defib.core.model import Cause

HEALS_KEPT = timedelta(days=1)
"""How far back a case knows how often its instance was healed. Closed cases are kept for longer (Retention.cases)."""


def heals_before(earlier: Case | None, now: datetime) -> tuple[datetime, ...]:
    """What a case opened after ``earlier``, the instance's newest, must know: each case hands the list on."""
    if earlier is None:
        return ()
    cured = earlier.outcome is Outcome.HEALED and earlier.confirmed_cause is not Cause.EVENT_SCHEDULED
    healed = (earlier.closed_at,) if cured and earlier.closed_at is not None else ()
    return tuple(at for at in (*earlier.healed_before, *healed) if now - at < HEALS_KEPT)
