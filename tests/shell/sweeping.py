"""A sweep in memory, and what it finds."""

from __future__ import annotations

from typing import Any

from defib.core.model import Checks, Observation
from defib.core.policy import Policy
from defib.shell.ports import Suspects, Transient, Unanswered
from defib.shell.sweep import Sweeping, SweepReport, sweep
from tests.core.facts import NOON, OK, POLICY, impaired, observed
from tests.fakes import FakeClock, FakeObserver, FakeQueues, FakeStore

BAD = observed(checks=Checks(OK, impaired()))


class Bench:
    """One sweep after the other over what is found, with a table and queues in memory."""

    def __init__(self) -> None:
        self.clock, self.store, self.queues = FakeClock(NOON), FakeStore(), FakeQueues()
        self.observer = FakeObserver(self.clock)

    def sweep(self, *found: Observation, policy: Policy = POLICY) -> SweepReport:
        self.observer.found = Suspects(found, {})
        return sweep(Sweeping(self.clock, self.observer, self.store, self.queues), policy)


class Silent:
    """A party of which some calls are never answered."""

    def __init__(self, real: object, *calls: str) -> None:
        self._real, self._calls = real, calls
        self.tried: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name not in self._calls:
            return getattr(self._real, name)

        def hang(*_: object) -> None:
            self.tried.append(name)
            raise Unanswered(f"{name}: no answer", "ReadTimeoutError")

        return hang


class Throttling:
    """A party that refuses a call ``at_first``, and then makes it."""

    def __init__(self, real: object, call: str, at_first: int) -> None:
        self._real, self._call, self._left = real, call, at_first

    def __getattr__(self, name: str) -> Any:
        if name != self._call or not self._left:
            return getattr(self._real, name)

        def refuse(*_: object) -> None:
            self._left -= 1
            raise Transient(f"{name}: throttled", "ThrottlingException")

        return refuse
