"""The ways of a canary: from the first queue to every other, out to where nobody listens, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from defib.core.canary import Canary
from defib.core.frozen import dataclass
from defib.shell.ports import Clock, Heartbeats


class Onward(Protocol):
    """The queues that come next."""

    def canary(self, canary: Canary) -> None:
        """Put it on each, so that no work waits for it. Raises Transient or Rejected when one did not take it."""
        ...


class Exit(Protocol):
    """The topic that people hear from."""

    def canary(self, canary: Canary) -> None:
        """Publish it so that no person's subscription wants it. Raises Transient or Rejected."""
        ...


@dataclass(frozen=True, slots=True)
class Ways:
    """What one function does with a canary besides leaving word of it."""

    clock: Clock
    heartbeats: Heartbeats
    onward: Onward | None = None
    exit: Exit | None = None
    able: Callable[[], object] | None = None
    """A read of what it works on, where nothing else would show soon that it can't. Raises Transient or Rejected."""


def let_through(canary: Canary, ways: Ways, within: timedelta) -> bool:
    """One step: leave word of the way that it has come, and send it on. Raises Transient or Rejected.

    False if it is stale, and goes no further: a queue that was blocked must not be held up by old ones.
    """
    if canary.is_stale(ways.clock.now(), within):
        return False
    if ways.able is not None:
        ways.able()
    if ways.exit is not None:
        ways.exit.canary(canary)
    if canary.by:
        ways.heartbeats.came_out(canary, ways.clock.now())
    if ways.onward is not None:
        ways.onward.canary(canary)
    return True
