"""EC2's request token buckets (AWSEC2 Developer Guide, ec2-api-throttling), on virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from defib.shell.ports import Clock, Transient


@dataclass
class Bucket:
    """``size`` calls at once, refilled by ``refill`` a second."""

    size: float
    refill: float
    left: float
    filled_at: datetime

    def take(self, now: datetime) -> bool:
        """Whether there was a token."""
        self.left = min(self.size, self.left + self.refill * (now - self.filled_at).total_seconds())
        self.filled_at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


SIZES = {
    "DescribeInstances": (100, 20),  # with filters
    "DescribeInstanceStatus": (50, 10),  # by id
    "RebootInstances": (50, 5),
    "StopInstances": (50, 5),
    "StartInstances": (5, 2),
}
"""Bucket size, and refill a second, of each call."""


class Buckets:
    """Counts what was called and what was refused."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        now = clock.now()
        self._buckets = {call: Bucket(size, refill, size, now) for call, (size, refill) in SIZES.items()}
        self.calls = dict.fromkeys(SIZES, 0)
        self.throttled = dict.fromkeys(SIZES, 0)

    def take(self, call: str) -> None:
        """Raises Transient, as the edge does for RequestLimitExceeded, when the bucket is empty."""
        self.calls[call] += 1
        if not self._buckets[call].take(self._clock.now()):
            self.throttled[call] += 1
            raise Transient(f"{call}: Request limit exceeded", "RequestLimitExceeded")
