"""In-memory keepers of the shell's promises. Each passes the contract suite of the real one where there is one."""

from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeActor, FakeChannel, FakeJournal, FakeObserver, FakeQueues, FakeRouter, FakeSwitch
from tests.fakes.store import FakeStore

__all__ = [
    "FakeActor",
    "FakeChannel",
    "FakeClock",
    "FakeJournal",
    "FakeObserver",
    "FakeQueues",
    "FakeRouter",
    "FakeStore",
    "FakeSwitch",
]
