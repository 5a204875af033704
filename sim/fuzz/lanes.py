"""The queues and the functions that they feed: what waits, how many run, what is delivered again, what is set aside."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from defib.handlers.batch import RETRY_AFTER, NotYet
from defib.shell.ports import CallFailed, Malformed
from defib.shell.store import Conflict
from sim.clock import VirtualTime
from sim.fuzz.outside import Outside
from sim.fuzz.processes import shape_of
from sim.fuzz.trouble import Killed, Trouble

RECEIVES, RECEIVES_IN_ORDER = 5, 4
"""As the queues redrive (infra/signals.py, which is slow to import); a test holds the two together."""
TAKES = {"diagnose": 0.4, "remediate": 0.5, "evidence": 1.5, "publish": 0.2, "page": 0.5, "elsewhere": 0.8}
"""Seconds that one invocation lasts, in which others begin and end."""
CARRIES = {
    "diagnose": "signals",
    "remediate": "orders",
    "evidence": "evidence",
    "publish": "notices",
    "page": "turns",
    "elsewhere": "elsewhere",
}
AT_ONCE = timedelta(0)
DEDUPLICATED_FOR = timedelta(minutes=5)
"""SQS FIFO (Developer Guide, Exactly-once processing)."""


@dataclass(slots=True)
class Message:
    """One message; ``group`` keeps the order of a FIFO queue's."""

    body: object
    group: str = ""
    received: int = 0
    hidden: timedelta | None = None
    """For how long its function has had it hidden, if for less than the queue would."""
    again: bool = False
    """Whether its function was done with it before."""

    def hide(self, by: timedelta) -> None:
        self.hidden = by


@dataclass
class Lane:
    """One queue with its function."""

    name: str
    work: Callable[[object], None]
    room: int
    put_off: str = ""
    """The call by which its function has a message that failed for the first time come again soon."""
    waiting: deque[Message] = field(default_factory=deque)
    running: int = 0
    held: set[str] = field(default_factory=set)
    """Message groups of which one is under way."""


class Lanes:
    """All of them on one clock."""

    def __init__(self, time: VirtualTime, outside: Outside, random: Random) -> None:
        self._time = time
        self._outside = outside
        self._random = random
        self._lanes: dict[str, Lane] = {}
        self._seen: dict[str, datetime] = {}
        self.dead: list[object] = []
        """What came to a dead-letter queue."""
        self.unread: list[object] = []
        """What whoever it came to could not read."""
        self.most_waiting = 0
        self.invocations = 0

    def run(self, name: str, work: Callable[[object], None], put_off: str = "") -> None:
        self._lanes[name] = Lane(name, work, shape_of(name).concurrency or 1, put_off)

    def send(self, name: str, body: object, delay: timedelta = AT_ONCE, group: str = "", once: str = "") -> None:
        """Put a message on the queue of ``name``; the same ``once`` within five minutes counts once."""
        if once:
            known = self._seen.get(once)
            if known is not None and self._time.now - known < DEDUPLICATED_FOR:
                return
            self._seen[once] = self._time.now
        copies = 1
        match self._outside.message(CARRIES[name]):
            case Trouble.MESSAGE_DOUBLED:
                copies = 2
            case Trouble.MESSAGE_LATE:
                delay += self._outside.late()
        for _ in range(copies):
            self._arrive(self._lanes[name], Message(body, group), delay)

    def work_ahead(self) -> None:
        """One waiting message is worked off from beginning to end: what happens in the middle of a race."""
        for lane in self._lanes.values():
            is_late = self._outside.taken_from(CARRIES[lane.name]) is not None
            message = None if is_late else self._take(lane)
            if message is not None:
                self._invoke(lane, message)
                return

    @property
    def has_trouble(self) -> bool:
        """Whether any call was made to fail."""
        return bool(self._outside.struck_at)

    def _arrive(self, lane: Lane, message: Message, delay: timedelta) -> None:
        if delay > AT_ONCE:
            self._time.after(delay, partial(self._arrive, lane, message, AT_ONCE))
            return
        lane.waiting.append(message)
        self.most_waiting = max(self.most_waiting, len(lane.waiting))
        self._start(lane)

    def _start(self, lane: Lane) -> None:
        if not lane.waiting:
            return
        taken_from = self._outside.taken_from(CARRIES[lane.name])
        if taken_from is not None:
            self._time.at(taken_from, lambda: self._start(lane))
            return
        while lane.waiting and lane.running < lane.room:
            message = self._take(lane)
            if message is None:
                return
            takes = timedelta(seconds=TAKES[lane.name] * (0.5 + self._random.random()))
            self._time.after(takes, partial(self._outside.invoke, partial(self._invoke, lane, message)))

    def _take(self, lane: Lane) -> Message | None:
        """The next message, which is being worked off from now on; None while none may be."""
        for number, message in enumerate(lane.waiting):
            if not message.group or message.group not in lane.held:
                del lane.waiting[number]
                lane.running += 1
                message.received += 1
                message.hidden = None
                if message.group:
                    lane.held.add(message.group)
                return message
        return None

    def _invoke(self, lane: Lane, message: Message) -> None:
        self.invocations += 1
        failed, began = False, self._time.now
        try:
            self._outside.run(lane.name, self._work, lane, message)
        except (CallFailed, Conflict, Killed, NotYet):
            failed = True
        except Malformed:
            failed = True
            self.unread.append(message.body)
        lane.running -= 1
        if failed:
            self._return(lane, message, began)
        else:
            lane.held.discard(message.group)
            self._deliver_again(lane, message)
        self._start(lane)

    def _work(self, lane: Lane, message: Message) -> None:
        try:
            lane.work(message.body)
        except NotYet as early:
            # In whole seconds, as SQS hides a message (SQS API, ChangeMessageVisibility).
            hidden = timedelta(seconds=math.ceil(early.by.total_seconds()))
            self._outside.call(lane.put_off, message.hide, hidden)
            raise
        except (CallFailed, Conflict):
            if lane.put_off and message.received == 1:
                with suppress(CallFailed):
                    self._outside.call(lane.put_off, message.hide, RETRY_AFTER)
            raise

    def _deliver_again(self, lane: Lane, message: Message) -> None:
        delay = None if message.again else self._outside.delivered_again(CARRIES[lane.name])
        if delay is not None:
            self._time.after(
                delay, partial(self._arrive, lane, Message(message.body, message.group, again=True), AT_ONCE)
            )

    def _return(self, lane: Lane, message: Message, began: datetime) -> None:
        """Visible again after the queue's timeout, or set aside then; a FIFO group waits for it meanwhile.

        That counts from when it was received (SQS Developer Guide, Amazon SQS visibility timeout). It is set aside when
        it would be received once more than it may be (SQS API, SetQueueAttributes, RedrivePolicy).
        """

        def again() -> None:
            lane.held.discard(message.group)
            if message.received >= (RECEIVES_IN_ORDER if message.group else RECEIVES):
                self.dead.append(message.body)
            else:
                lane.waiting.appendleft(message)
            self._start(lane)

        if message.hidden is not None:
            self._time.after(message.hidden, again)
        else:
            self._time.at(began + timedelta(seconds=shape_of(lane.name).timeout_s + 10), again)
