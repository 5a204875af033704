"""Who takes what comes out of the queues: the same for those in memory, and for those that are deployed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from defib.aws.wire import DigestDue
from defib.handlers.batch import NotYet
from defib.shell.ports import Transient


@dataclass(frozen=True)
class Taken:
    """A message came to a function; ``at`` is in seconds since the start."""

    function: str
    message: object
    at: float


@dataclass
class Taking:
    """Writes down what comes, and fails with it as often as a test says."""

    now: Callable[[], datetime]
    start: datetime
    taken: list[Taken] = field(default_factory=list)
    failing: dict[str, int] = field(default_factory=dict)
    """How often each function still fails."""

    def take(self, function: str, message: object) -> None:
        if isinstance(message, DigestDue) and message.at > self.now():
            raise NotYet(message.at - self.now())
        self.taken.append(Taken(function, message, (self.now() - self.start) / timedelta(seconds=1)))
        if self.failing.get(function, 0):
            self.failing[function] -= 1
            raise Transient("fails as the test says")


AT_WORK: list[Taking] = []
"""The one of the test that runs: handlers are imported afresh for each environment, this is not."""
