"""The way of a canary: from the first queue straight to the last, and out to where nobody listens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from defib.core.canary import Canary
from defib.shell.ports import Clock, Heartbeats


class Onward(Protocol):
    """The queue of the notices."""

    def canary(self, canary: Canary) -> None:
        """In an order of its own, so that no notice waits for it. Raises Transient or Rejected."""
        ...


class Exit(Protocol):
    """The topic that people hear from."""

    def canary(self, canary: Canary) -> None:
        """Publish it so that no subscription wants it. Raises Transient or Rejected."""
        ...


@dataclass(frozen=True, slots=True)
class Leaving:
    """What the last step needs of the outside world."""

    clock: Clock
    exit: Exit
    heartbeats: Heartbeats


def pass_on(canary: Canary, clock: Clock, onward: Onward, within: timedelta) -> bool:
    """Send it on unless it is stale: a queue that was blocked must not be held up by old ones. Whether it was sent."""
    if canary.is_stale(clock.now(), within):
        return False
    onward.canary(canary)
    return True


def come_out(canary: Canary, edges: Leaving, within: timedelta) -> bool:
    """Publish it unless it is stale, and leave word that it came out. Whether it did."""
    if canary.is_stale(edges.clock.now(), within):
        return False
    edges.exit.canary(canary)
    edges.heartbeats.came_out(canary, edges.clock.now())
    return True
