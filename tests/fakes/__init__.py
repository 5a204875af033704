"""In-memory keepers of the shell's promises. Each passes the contract suite of the real one where there is one."""

from tests.fakes.clock import FakeClock
from tests.fakes.edges import (
    FakeActor,
    FakeChannel,
    FakeJournal,
    FakeObserver,
    FakeQueues,
    FakeReminders,
    FakeRouter,
    FakeSwitch,
)
from tests.fakes.outboxes import FakeMail
from tests.fakes.store import FakeStore

__all__ = [
    "FakeActor",
    "FakeChannel",
    "FakeClock",
    "FakeJournal",
    "FakeMail",
    "FakeObserver",
    "FakeQueues",
    "FakeReminders",
    "FakeRouter",
    "FakeStore",
    "FakeSwitch",
]
