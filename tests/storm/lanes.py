"""The functions of the stack as lanes: messages wait, so many run at a time, what fails comes back, then is dead."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from defib.core.case import Action
from defib.core.effect import Perform, Wake
from defib.core.incident import Notice
from defib.core.model import Signal, Source, TargetGroupSignal
from defib.core.rationing import spread
from defib.core.shift import ShiftOrder
from defib.shell.ports import CallFailed
from defib.shell.reconcile import looked_since
from defib.shell.store import Conflict
from infra.functions import SHAPES
from tests.fakes import FakeClock, FakeStore

TAKES = {
    "diagnose": timedelta(milliseconds=600),
    "remediate": timedelta(milliseconds=500),
    "evidence": timedelta(seconds=2),
}
"""How long one invocation lasts."""
BRIEFLY = timedelta(milliseconds=30)
"""How long one lasts that only reads the case, and finds it looked at since."""
VISIBLE_AGAIN = timedelta(seconds=40)
RECEIVES = 5

Message = Signal | Perform


class Calendar:
    """What happens when, on the fake clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self._order = count()
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []

    def after(self, delay: timedelta, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.clock.now() + max(delay, timedelta(0)), next(self._order), event))

    def next(self) -> bool:
        """Let the next thing happen; False when nothing will."""
        if not self._events:
            return False
        at, _, event = heapq.heappop(self._events)
        self.clock.advance(at - self.clock.now())
        event()
        return True


@dataclass
class Lane:
    """One function."""

    work: Callable[[Message], None]
    takes: timedelta
    room: int
    waiting: deque[tuple[Message, int]] = field(default_factory=deque)
    running: int = 0
    deepest: int = 0
    """How many have waited at once, at most."""


class Lanes:
    """Queues and functions in one; keeps the promises of ``ports.Queues``."""

    def __init__(self, calendar: Calendar, store: FakeStore) -> None:
        self._calendar = calendar
        self._store = store
        self._lanes: dict[str, Lane] = {}
        self.invocations = 0
        self.redelivered = 0
        self.dead = 0

    def run(self, function: str, work: Callable[[Message], None]) -> None:
        """Let ``function`` do ``work`` with its messages."""
        self._lanes[function] = Lane(work, TAKES[function], SHAPES[function].concurrency or 1)

    def digest(self, contact: str, at: datetime, now: datetime) -> None:
        """Nobody waits for a message here."""

    def deepest(self) -> dict[str, int]:
        """How many messages have waited for each function at once, at most."""
        return {function: lane.deepest for function, lane in self._lanes.items()}

    def signal(self, signals: Sequence[Signal]) -> None:
        for number, signal in enumerate(signals):
            self._calendar.after(spread(number), partial(self._send, "diagnose", signal))

    def ask(self, questions: Sequence[TargetGroupSignal], now: datetime) -> None:
        raise AssertionError(f"no storm's policy asks between sweeps: {questions} at {now}")

    def perform(self, effect: Perform) -> None:
        self._send("evidence" if effect.action is Action.EVIDENCE else "remediate", effect)

    def wake(self, effect: Wake, now: datetime) -> None:
        due = Signal(Source.WAKE, effect.instance_id, effect.at, "its time has come")
        self._calendar.after(effect.at - now, lambda: self._send("diagnose", due))

    def shift(self, order: ShiftOrder) -> None:
        raise AssertionError(f"nobody has enabled zonal shifts: {order}")

    def follow(self, change: str) -> None:
        pass  # no page here

    def announce(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self._store.mark_published(notice.incident_id, notice.sequence, self._calendar.clock.now())

    def announce_again(self, notices: Sequence[Notice], now: datetime) -> None:
        raise AssertionError(f"each goes out at once: {notices} at {now}")

    def _send(self, function: str, message: Message, received: int = 0) -> None:
        lane = self._lanes[function]
        lane.waiting.append((message, received))
        self._start(function, lane)
        lane.deepest = max(lane.deepest, len(lane.waiting))

    def _start(self, function: str, lane: Lane) -> None:
        while lane.waiting and lane.running < lane.room:
            message, received = lane.waiting.popleft()
            lane.running += 1
            takes = BRIEFLY if self._is_stale(message) else lane.takes
            self._calendar.after(takes, lambda m=message, r=received: self._invoke(function, lane, m, r))  # type: ignore[misc]  # binds the loop's values

    def _is_stale(self, message: Message) -> bool:
        if not isinstance(message, Signal):
            return False
        return looked_since(message, self._store.latest_case(message.instance_id), self._calendar.clock.now())

    def _invoke(self, function: str, lane: Lane, message: Message, received: int) -> None:
        self.invocations += 1
        try:
            lane.work(message)
        except (CallFailed, Conflict):
            if received + 1 >= RECEIVES:
                self.dead += 1
            else:
                self.redelivered += 1
                self._calendar.after(VISIBLE_AGAIN, lambda: self._send(function, message, received + 1))
        lane.running -= 1
        self._start(function, lane)
