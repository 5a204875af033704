"""What follows the page may be switched off for weeks: what has happened meanwhile, and is over, is no news then."""

from __future__ import annotations

from datetime import datetime, timedelta

OFF_AFTER = timedelta(days=1)
"""Where nobody left word for so long, nobody was to be told. What a failure of Defib, or of its Region, has held up for
less than that is told late."""
WORD_EVERY = timedelta(hours=6)
"""How often a turn that has nothing to tell leaves word: often enough for one to be missed, at four writes a day."""


def was_off(looked_at: datetime | None, now: datetime) -> bool:
    """Whether nobody followed for long; not where that was not remembered yet."""
    return looked_at is not None and now - looked_at > OFF_AFTER


def word(looked_at: datetime | None, now: datetime) -> datetime:
    """What is to be remembered of when somebody last looked; the same until that is due again."""
    return now if looked_at is None or now - looked_at >= WORD_EVERY else looked_at
