"""What looks for trouble besides the one-minute sweep, as the operator decides it."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta

from defib.core.frozen import dataclass
from defib.core.setting import duration, flag

MINUTE = timedelta(minutes=1)
"""Between two sweeps."""

ASKS_MAX = 120
"""Questions a minute between the sweeps, of all target groups. Elastic Load Balancing answers ten Describe calls a
second for all of the account (User Guide, Request throttling for the ELB API): this takes a fifth of them."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What looks for trouble besides the one-minute sweep."""

    fleet_alarm: bool = field(
        default=True,
        metadata=flag(
            "Whether a CloudWatch alarm over all the Region's instances looks for trouble too ($0.10 a month for each)."
        ),
    )
    targets_every: timedelta = field(
        default=MINUTE,
        metadata=duration(
            "How often load balancers are asked for unhealthy targets of services whose application_down is not tell; "
            "1m is what the sweep does anyhow.",
            "10s",
            "5s",
            "1m",
        ),
    )

    @property
    def asks(self) -> int:
        """How often each is asked between two sweeps."""
        return -(-MINUTE // self.targets_every) - 1
