"""The shell's ports in memory. What keeps something passes the real one's contract suite (sim/memory/, tests/aws).

The others keep nothing but what they were asked: the type checker holds them against the port.
"""

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
