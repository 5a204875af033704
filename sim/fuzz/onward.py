"""Defib's ways onward in memory: what stands in for its queues. Held to the deployed ones (tests/contract)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from defib.aws.queues import BATCH, PUT_OFF_MOST
from defib.aws.wire import DigestDue
from defib.core.case import Action
from defib.core.effect import Perform, Wake
from defib.core.incident import Notice
from defib.core.model import Signal, Source, TargetGroupSignal
from defib.core.rationing import spread
from defib.core.resend import number_of
from defib.core.shift import ShiftOrder
from defib.handlers.batch import NotYet
from defib.shell.ports import Transient, try_all
from sim.fuzz.lanes import Lanes
from sim.fuzz.outside import Outside

DELAY_MOST_S = 900
"""SQS (SendMessage, DelaySeconds)."""


def delayed(by: timedelta) -> timedelta:
    """What SQS makes of a delay: it knows whole seconds only, and here none is too early."""
    return timedelta(seconds=min(max(math.ceil(by.total_seconds()), 0), DELAY_MOST_S))


def whose(due: DigestDue, now: datetime) -> str:
    """The contact of a digest. Raises NotYet, as handlers/publish.py does, before its time."""
    if due.at > now:
        raise NotYet(due.at - now)
    return due.contact


class Queues:
    """``ports.Queues``, and what the pages that follow ask of queues."""

    def __init__(self, lanes: Lanes, outside: Outside, has_page: bool, others: Sequence[str] = ()) -> None:
        """``others`` are the pages that follow the status page, by name."""
        self._lanes = lanes
        self._out = outside
        self._has_page = has_page
        self._others = others

    def signal(self, signals: Sequence[Signal]) -> None:
        self._send_all([(signal, delayed(spread(number))) for number, signal in enumerate(signals)])

    def ask(self, questions: Sequence[TargetGroupSignal], now: datetime) -> None:
        self._send_all([(asked, delayed(asked.at - now)) for asked in questions])

    def _send_all(self, entries: Sequence[tuple[Signal | TargetGroupSignal, timedelta]]) -> None:
        """As the real edge does: what is refused of a batch fails the call, once all batches are sent."""

        def send(batch: Sequence[tuple[Signal | TargetGroupSignal, timedelta]]) -> None:
            taken = [entry for entry in batch if not self._out.refuses()]
            for body, delay in taken:
                self._lanes.send("diagnose", body, delay)
            if len(taken) < len(batch):
                refused = len(batch) - len(taken)
                raise Transient(f"{refused} of {len(batch)} signals not sent", "ServiceUnavailable")

        def send_all() -> None:
            try_all(partial(send, entries[start : start + BATCH]) for start in range(0, len(entries), BATCH))

        self._out.call("queue.signals", send_all)

    def perform(self, effect: Perform) -> None:
        lane = "evidence" if effect.action is Action.EVIDENCE else "remediate"
        self._out.call("queue.orders", self._lanes.send, lane, effect)

    def wake(self, effect: Wake, now: datetime) -> None:
        due = Signal(Source.WAKE, effect.instance_id, effect.at, "time to look again")
        self._out.call("queue.wake", self._lanes.send, "diagnose", due, delayed(effect.at - now))

    def shift(self, order: ShiftOrder) -> None:
        self._out.call("queue.orders", self._lanes.send, "remediate", order)

    def digest(self, contact: str, at: datetime, now: datetime) -> None:
        if at - now > PUT_OFF_MOST:
            return
        once = f"digest {contact} {at}"
        due = DigestDue(contact, at)
        self._out.call("queue.notices", lambda: self._lanes.send("publish", due, group=once, once=once))

    def alone(self, notice: Notice, way: str, now: datetime) -> None:
        group = f"{notice.incident_id} {way}"
        key, once = (notice.incident_id, notice.sequence, way), _once(group, notice, now)
        self._out.call("queue.notices", lambda: self._lanes.send("publish", key, group=group, once=once))

    def follow(self, change: str) -> None:
        if self._has_page:
            self._out.call("queue.turns", lambda: self._lanes.send("page", change, group=change, once=f"turn {change}"))

    def hand_on(self, change: str) -> None:  # noqa: ARG002 - whoever follows looks for itself what has changed
        try_all(partial(self._out.call, "queue.turns", self._lanes.send, "elsewhere", name) for name in self._others)

    def announce(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self._announce(notice, notice.at)

    def announce_again(self, notices: Sequence[Notice], now: datetime) -> None:
        for notice in notices:
            self._announce(notice, now)

    def _announce(self, notice: Notice, now: datetime) -> None:
        group, key = notice.incident_id, (notice.incident_id, notice.sequence)
        once = _once(group, notice, now)
        self._out.call("queue.notices", lambda: self._lanes.send("publish", key, group=group, once=once))


def _once(group: str, notice: Notice, now: datetime) -> str:
    return f"notice {group}-{notice.sequence}+{number_of(notice, now)}"


@dataclass(frozen=True, slots=True)
class Turns:
    """``shell.elsewhere.Turns`` of one page that follows."""

    name: str
    lanes: Lanes
    outside: Outside

    def again(self, after: timedelta) -> None:
        self.outside.call("queue.turns", self.lanes.send, "elsewhere", self.name, delayed(after))
