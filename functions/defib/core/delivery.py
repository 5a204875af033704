"""How often Defib makes sure that those whom it tells can be reached."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta

from defib.core.frozen import dataclass
from defib.core.setting import duration, number


@dataclass(frozen=True, slots=True)
class Delivery:
    """The check that every address of every contact can be reached."""

    check_every: timedelta = field(
        default=timedelta(hours=1),
        metadata=duration("How often the sweep asks SNS whether every address can be reached.", "6h", "5m", "1d"),
    )
    sms_share: int = field(
        default=80,
        metadata=number("Percent of the month's SMS quota that may be spent before people are warned.", 50, 10, 100),
    )
