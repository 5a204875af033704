"""How soon more people are asked when nobody answers."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from enum import StrEnum

from defib.core.frozen import dataclass
from defib.core.setting import duration


class Tier(StrEnum):
    """Who is asked; each tier includes the one before it."""

    FIRST = "first"
    """The contacts in the service's ``tell``."""
    SECOND = "second"
    """Those in its ``then`` too."""
    EVERYBODY = "everybody"
    """Every contact of the file."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """When Defib asks for a person: how long it waits for somebody to say that they are on it."""

    second_after: timedelta = field(
        default=timedelta(minutes=5),
        metadata=duration(
            "How long after it has asked the contacts in tell Defib asks those in then too.", "3m", "1m", "1d"
        ),
    )
    everybody_after: timedelta = field(
        default=timedelta(minutes=15),
        metadata=duration(
            "How long after it has asked the contacts in tell Defib asks every contact.", "10m", "1m", "1d"
        ),
    )
    repeat_every: timedelta = field(
        default=timedelta(minutes=15),
        metadata=duration("How often every contact is asked again after that.", "30m", "5m", "1d"),
    )
    remind_after: timedelta = field(
        default=timedelta(hours=4),
        metadata=duration(
            "How long after somebody said that they are on it Defib asks again, if it is not over by then.",
            "2h",
            "15m",
            "7d",
        ),
    )

    def tier(self, asked_for: timedelta) -> Tier:
        """Who is asked once the first tier has been asked for so long."""
        if asked_for >= self.everybody_after:
            return Tier.EVERYBODY
        return Tier.SECOND if asked_for >= self.second_after else Tier.FIRST
