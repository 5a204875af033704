"""What the operator decides about the watchtower: the second stack, in another Region, that watches this one."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta

from defib.core.frozen import dataclass
from defib.core.page.settings import MAYBE_REGION
from defib.core.setting import MAYBE_HTTPS, duration, number, string


@dataclass(frozen=True, slots=True)
class WatchtowerSettings:
    """Where it stands, what it watches, and what it takes for late."""

    region: str = field(
        default="",
        metadata=string(
            "The Region of the watchtower, which tells people when Defib itself is dead; empty: there is none.",
            "us-west-2",
            MAYBE_REGION,
        ),
    )
    primary_region: str = field(
        default="",
        metadata=string(
            "The Region that Defib itself is deployed to, and that the watchtower watches.", "us-east-1", MAYBE_REGION
        ),
    )
    dead_mans_switch: str = field(
        default="",
        metadata=string(
            "An address of an outside service that the watchtower pings each minute while all is well, and that raises "
            "the alarm when the ping stays away.",
            "https://hc-ping.com/4b0d7e2c",
            MAYBE_HTTPS,
        ),
    )
    # The sweep runs every minute: below that, every look would find it late.
    sweep_within: timedelta = field(
        default=timedelta(seconds=90),
        metadata=duration("How long ago the last complete sweep may have ended.", "2m", "75s", "15m"),
    )
    canary_within: timedelta = field(
        default=timedelta(seconds=30),
        metadata=duration(
            "How long a canary signal may take from the event bus through every queue to the topic.", "45s", "5s", "10m"
        ),
    )
    page_within: timedelta = field(
        default=timedelta(minutes=15),
        metadata=duration("How old the status page may be.", "30m", "3m", "1d"),
    )
    sms_share: int = field(
        default=80,
        metadata=number("From which percentage of a month's SMS quota on people are told.", 50, 10, 100),
    )
    looks: int = field(
        default=2,
        metadata=number("In how many looks in a row something must be wrong, or right again, to be told.", 3, 1, 5),
    )

    @property
    def stands(self) -> bool:
        """Whether there is a watchtower."""
        return bool(self.region)
