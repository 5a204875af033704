"""Keepers of the shell's promises in memory, beside sim/memory/. Each passes the real one's contract suite."""

from sim.memory.outboxes import FakeMail
from sim.memory.store import FakeStore
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
