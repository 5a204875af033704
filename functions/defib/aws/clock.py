"""The one place that reads the clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The present, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock that everything else must ask
