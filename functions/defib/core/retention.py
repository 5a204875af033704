"""How long Defib keeps what it has written."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta

from defib.core.frozen import dataclass
from defib.core.setting import duration, one_duration


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept."""

    evidence: timedelta = field(
        default=timedelta(days=30),
        metadata=duration("How long console output, screenshots and the like are kept.", "90d", "1d", "3650d", "1d"),
    )
    cases: timedelta = field(
        default=timedelta(days=90),
        metadata=duration(
            "How long notices and trails are kept; closed cases and resolved incidents 30 days more.",
            "365d",
            "1d",
            "3650d",
        ),
    )
    # The only values CloudWatch Logs takes (PutRetentionPolicy, retentionInDays).
    logs: timedelta = field(
        default=timedelta(days=30),
        metadata=one_duration(
            "How long the functions' logs are kept.",
            "90d",
            "1d 3d 5d 7d 14d 30d 60d 90d 120d 150d 180d 365d 400d 545d 731d 1096d 1827d 2192d 2557d 2922d 3288d 3653d",
        ),
    )
