"""EC2's request token buckets for the storm, with a count of what was called and what was refused."""

from __future__ import annotations

from collections import Counter

from defib.shell.ports import Clock, Transient
from sim.buckets import LIMIT_EXCEEDED
from sim.buckets import Buckets as Ec2Buckets


class Buckets:
    """Those of the replay, on the storm's clock."""

    def __init__(self, clock: Clock, greed: int = 0) -> None:
        """For each ``greed``-th call, others in the account have been quicker; never with 0."""
        self._clock = clock
        self._greed = greed
        self._buckets = Ec2Buckets()
        self.calls: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()

    def take(self, call: str, **params: list[str]) -> None:
        """Raises Transient, as the edge does for RequestLimitExceeded, when the bucket is empty."""
        self.calls[call] += 1
        taken = self._greed > 0 and self.calls.total() % self._greed == 0
        if taken or not self._buckets.take(call, params, self._clock.now()):
            self.throttled[call] += 1
            raise Transient(f"{call}: Request limit exceeded", LIMIT_EXCEEDED)
