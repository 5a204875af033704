"""The one place that reads the real clock: who serves a replay to people must let it pass at people's pace.

All else in the replay goes by its virtual time, which is frozen for the whole process while the world stands.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Protocol

from time_machine import escape_hatch


class Pace(Protocol):
    """How real time passes."""

    def lap(self) -> timedelta:
        """How much has passed since this was last asked; nothing at first."""
        ...

    def wall(self) -> datetime:
        """What the clocks of clients show, in UTC."""
        ...


class RealPace:
    """By this machine's clock."""

    def __init__(self) -> None:
        self._last = perf_counter()

    def lap(self) -> timedelta:
        # A performance counter: time_machine leaves it alone, and it never goes back.
        last, self._last = self._last, perf_counter()
        return timedelta(seconds=self._last - last)

    def wall(self) -> datetime:
        return datetime.fromtimestamp(escape_hatch.time.time(), UTC)
