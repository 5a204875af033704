"""ARC zonal shifts as values: the traffic of one load balancer, sent away from one zone for a while, and back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from defib.core.frozen import dataclass

if TYPE_CHECKING:
    from defib.core.target_group import TargetGroup


class Move(StrEnum):
    """What is asked of ARC."""

    START = "start"
    END = "end"


class ShiftAnswer(StrEnum):
    """How an order ended, sorted by what the caller must do next."""

    DONE = "done"
    RETRY = "retry"
    """A passing fault: it was not carried out."""
    LOST = "lost"
    """No answer came: it may have been carried out or not; the next order looks before it acts."""
    HELD = "held"
    """Something forbids it for now."""
    REFUSED = "refused"
    """ARC will refuse it again: ask people."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What Defib wants of one load balancer and how far it has got: the intent is remembered before the act."""

    load_balancer: str
    """Its ARN."""
    zone: str
    zone_id: str
    """AWS's name of the zone, such as ``use1-az4``, which ARC takes; empty until a sweep has learnt it."""
    move: Move = Move.START
    ordered_at: datetime | None = None
    """When ``remediate`` was last asked; None: not yet."""
    tries: int = 0
    claimed_at: datetime | None = None
    """When ``remediate`` took the order up."""
    answer: ShiftAnswer | None = None
    """How it ended; None while nobody knows."""
    answered_at: datetime | None = None
    detail: str = ""
    """What people read of it."""
    id: str = ""
    """ARC's id of the shift; empty unless it is Defib's own."""
    until: datetime | None = None
    """When it ends by itself."""
    said: ShiftAnswer | None = None
    """The answer that people have heard of."""
    perhaps: bool = False
    """Whether an earlier order, of which nobody knows how it ended, may have been carried out."""

    @property
    def is_others(self) -> bool:
        """Whether AWS keeps the traffic away by itself, and ends that by itself, nobody knows when."""
        return self.answer is ShiftAnswer.DONE and self.move is Move.START and not self.id and self.until is None

    @property
    def name(self) -> str:
        """The load balancer's name."""
        return self.load_balancer.rpartition("loadbalancer/")[2].partition("/")[2].partition("/")[0]


@dataclass(frozen=True, slots=True)
class ShiftOrder:
    """Ask ``remediate`` to carry out one intent; an older order of the same shift has no effect."""

    load_balancer: str
    zone: str
    move: Move
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Served:
    """The targets of one target group in one zone."""

    registered: int
    healthy: int


def load_balancer_of(group: TargetGroup) -> str:
    """The ARN of the load balancer that a configured target group belongs to: one account, one Region."""
    return f"{group.arn.partition(':targetgroup/')[0]}:loadbalancer/{group.load_balancer}"
