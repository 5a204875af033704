"""How many messages one contact gets before they are summed up."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta

from defib.core.frozen import dataclass
from defib.core.setting import duration, number

AT_ONCE_MOST = 5
"""With as many urgent ones that is ten in a second at worst. SNS suspends an e-mail address that it has to send more
(SNS Developer Guide, Email notifications)."""


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """How many messages one contact gets before they are summed up."""

    most: int = field(
        default=10,
        metadata=number(
            "How many messages a contact gets within window, apart from urgent ones; more are summed up in one.",
            20,
            2,
            100,
        ),
    )
    window: timedelta = field(
        default=timedelta(minutes=10),
        metadata=duration("The time within which they are counted.", "30m", "1m", "1d"),
    )
    at_once: int = field(
        default=2,
        metadata=number(
            "How many messages a contact gets one by one within a minute, urgent ones counted by themselves; "
            "more are a storm, and are summed up, at first before the minute is over.",
            3,
            1,
            AT_ONCE_MOST,
        ),
    )
    storm_window: timedelta = field(
        default=timedelta(minutes=4),
        metadata=duration(
            "How long messages wait for others at most while a storm lasts; each wait is twice the one before.",
            "2m",
            "1m",
            "30m",
        ),
    )
