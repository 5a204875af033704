"""The operator's limits on the whole stack: how much is repaired at once, and when a zone counts as impaired."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from enum import StrEnum

from defib.core.frozen import dataclass
from defib.core.setting import choice, duration, number

LOOK_MOST = timedelta(minutes=15)
"""What waits with ever so many others is looked at this often; SQS delays a wake-up by no more (SendMessage)."""


class HealthIssue(StrEnum):
    """What an open EC2 issue in AWS Health means for repairs."""

    HOLD = "hold"
    IGNORE = "ignore"


class ZonalShift(StrEnum):
    """What becomes of the traffic when a zone is impaired."""

    RECOMMEND = "recommend"
    """People read the commands that shift it away."""
    START = "start"
    """Defib shifts it away, and back when the zone has recovered."""


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
    health_issue: HealthIssue = field(
        default=HealthIssue.HOLD,
        metadata=choice(
            "Whether repairs are held while AWS Health tells of an open EC2 issue in the Region or zone.",
            HealthIssue,
            HealthIssue.IGNORE,
        ),
    )
    health_issue_hold: timedelta = field(
        default=timedelta(hours=6),
        metadata=duration(
            "How long after AWS's last word on an issue it still counts as open, in case word of its end is lost.",
            "12h",
            "30m",
            "3d",
        ),
    )
    zonal_shift: ZonalShift = field(
        default=ZonalShift.RECOMMEND,
        metadata=choice(
            "Whether traffic is shifted away from an impaired zone (Amazon ARC), or people read how.",
            ZonalShift,
            example=ZonalShift.START,
        ),
    )
    # ARC takes whole minutes, three days at most (StartZonalShift, expiresIn).
    zonal_shift_for: timedelta = field(
        default=timedelta(hours=3),
        metadata=duration(
            "When a zonal shift that Defib has started ends by itself; it ends it when the zone has recovered.",
            "6h",
            "10m",
            "3d",
            "1m",
        ),
    )

    group_replacements: int = field(
        default=3,
        metadata=number(
            "How many new members of one Auto Scaling group are replaced within group_window before people are asked.",
            5,
            1,
            20,
        ),
    )
    group_window: timedelta = field(
        default=timedelta(hours=6),
        metadata=duration(
            "How long replacements are remembered, and how long after its launch a member counts as new.",
            "12h",
            "1h",
            "7d",
        ),
    )

    # diagnose makes about 500 looks a minute (infra/functions.py), and what is being repaired needs most of them.
    looks: int = field(
        default=100,
        metadata=number(
            "How many looks a minute the cases that wait, or that people have, may cost all together: where more "
            "instances fail, each of these is looked at less often, if need be only every 15 minutes.",
            200,
            20,
            1_000,
        ),
    )

    def hold_among(self, failing: int, hold: timedelta) -> timedelta:
        """How long until a case that waits is looked at again while so many instances fail; ``hold`` at least.

        A slot that becomes free is taken all the same at once: the more wait, the more of them look in any minute.
        """
        return max(hold, min(timedelta(minutes=1) * failing / self.looks, LOOK_MOST)) if failing else hold

    def at_once(self, running: int | None) -> int:
        """Repairs allowed at once when so many instances run; one while nobody has counted them."""
        return max(1, (running or 0) * self.share // 100)
