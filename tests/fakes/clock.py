"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Starts at noon UTC on the day of the outage that Defib exists for."""

    def __init__(self, now: datetime = datetime(2026, 4, 30, 12, 0, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on; returns the new present."""
        self._now += by
        return self._now
