"""Times in words: as strftime writes them in English, whatever the locale."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from defib.core.words import clock, date_of, day, minute


@pytest.mark.parametrize("month", range(1, 13))
def test_times_are_written_in_full(month: int) -> None:
    at = datetime(2026, month, 3, 4, 5, 6, 789, tzinfo=UTC)
    assert clock(at) == "04:05:06 UTC"
    assert minute(at) == "04:05 UTC"
    assert day(at) == f"{at:%d %B} 04:05 UTC"
    assert date_of(at) == f"{at:%d %B %Y}"
