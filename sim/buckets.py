"""EC2's request token buckets (Amazon EC2 Developer Guide, Request throttling for the Amazon EC2 API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LIMIT_EXCEEDED = "RequestLimitExceeded"


@dataclass(frozen=True, slots=True)
class Size:
    """So many tokens at once, and so many more a second."""

    burst: int
    refill: int


READS = Size(100, 20)
BARE_READS = Size(50, 10)
"""Describing instances, or their status, with neither a filter nor a page size."""
CHANGES = Size(50, 5)
STARTS = Size(5, 2)
STARTED = Size(1000, 2)
STOPPED = Size(1000, 20)
"""One token an instance, besides that of the request."""

RESOURCES = {"StartInstances": STARTED, "StopInstances": STOPPED}
BARE = frozenset({"DescribeInstances", "DescribeInstanceStatus"})
VERBS_OF_READS = ("Describe", "Get", "List", "Search")


@dataclass
class Bucket:
    """Full at first."""

    size: Size
    left: float
    filled_at: datetime

    def take(self, tokens: int, now: datetime) -> bool:
        """Whether there were so many; if not, none is gone."""
        gained = self.size.refill * (now - self.filled_at).total_seconds()
        self.left, self.filled_at = min(self.size.burst, self.left + gained), now
        if self.left < tokens:
            return False
        self.left -= tokens
        return True


class Buckets:
    """Those of one account in one Region."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def take(self, operation: str, params: Mapping[str, Any], now: datetime) -> bool:
        """Whether EC2 lets the call pass now. Only a request that passes costs a token for each of its instances."""
        kind, size = _of(operation, params)
        if not self._bucket(kind, size, now).take(1, now):
            return False
        resources = RESOURCES.get(operation)
        if resources is None:
            return True
        return self._bucket(f"{operation}, instances", resources, now).take(len(params.get("InstanceIds", ())), now)

    def _bucket(self, kind: str, size: Size, now: datetime) -> Bucket:
        return self._buckets.setdefault(kind, Bucket(size, size.burst, now))


def _of(operation: str, params: Mapping[str, Any]) -> tuple[str, Size]:
    """The bucket of such a request, and its size."""
    if operation in BARE and not {"Filters", "MaxResults"} & {key for key, value in params.items() if value}:
        return f"{operation}, bare", BARE_READS
    if operation == "StartInstances":
        return operation, STARTS
    return operation, READS if operation.startswith(VERBS_OF_READS) else CHANGES
