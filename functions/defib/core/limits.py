"""The operator's limits on the whole stack: how much is repaired at once, and when a zone counts as impaired."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from defib.core.setting import duration, number


@dataclass(frozen=True, slots=True)
class Limits:
    """Over all services together."""

    share: int = field(
        default=20,
        metadata=number(
            "Percent of the running instances in Defib's care that are under repair at once, rounded down, at least 1.",
            10,
            1,
            100,
        ),
    )
    rate: int = field(
        default=30, metadata=number("How many repairs are begun within 10 minutes, over all services.", 60, 1, 1_000)
    )
    zone_instances: int = field(
        default=5,
        metadata=number(
            "So many instances of one zone failing at once may mean that the zone is impaired.", 10, 2, 1_000
        ),
    )
    zone_share: int = field(
        default=30, metadata=number("Percent of the zone's instances that must fail besides.", 50, 10, 100)
    )
    zone_clear: timedelta = field(
        default=timedelta(minutes=3),
        metadata=duration("How long fewer must have failed before the zone counts as recovered.", "10m", "1m", "1h"),
    )

    def at_once(self, running: int | None) -> int:
        """Repairs allowed at once when so many instances run; one while nobody has counted them."""
        return max(1, (running or 0) * self.share // 100)
