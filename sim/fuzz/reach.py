"""Addresses and drills in a story: SNS as the replay has it, asked by Defib's own edge, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from defib.aws.reach import SnsReader
from defib.core.asking import DETAIL_TYPE, DRILL_TYPE, EVENT_SOURCE
from defib.core.call import Reaction
from defib.core.drill import DrillOrder
from defib.core.drill_news import service_of
from defib.core.incident import Incident
from defib.core.policy import Policy
from defib.core.reach import Address, Question, Reach, Readings, Topic, expected
from defib.shell.drill import drill, order_drill
from defib.shell.ports import CallFailed, Clock, Queues
from defib.shell.reach import Looking, Reached, look
from sim.addresses import Addresses
from sim.clock import VirtualTime
from sim.fuzz.outside import Outside
from sim.fuzz.story import Story
from sim.fuzz.tables import Kept
from sim.memory.calls import Calls
from sim.memory.reach import FakeReachStore
from sim.metrics import Metrics
from sim.wiring import Subscription

TOPIC = "arn:aws:sns:us-east-1:123456789012:{name}"
LEFT = timedelta(minutes=1)
"""What a sweep leaves of its function's time."""
BY = "somebody on call"


@dataclass
class ReachMemory(FakeReachStore):
    """A part of the same table."""

    def attach(self, store: Kept) -> ReachMemory:
        self.incidents, self._kept = store.incidents, store
        return self

    def remember_reach(self, change: Reached) -> Reached:
        done = super().remember_reach(change)
        self._kept.notices |= {(n.incident_id, n.sequence): n for n in change.notices}
        return done


class ReachTable:
    """``shell.reach.ReachStore``."""

    def __init__(self, store: ReachMemory, outside: Outside) -> None:
        self._store = store
        self._out = outside

    def reach(self) -> Reach:
        return self._out.call("table.read", self._store.reach)

    def latest_incident(self, service: str) -> Incident | None:
        return self._out.call("table.read", lambda: self._store.latest_incident(service))

    def remember_reach(self, change: Reached) -> Reached:
        return self._out.call("table.write", lambda: self._store.remember_reach(change))


class Reader:
    """``shell.reach.Reader``: the real edge over the replay's SNS."""

    def __init__(self, reader: SnsReader, outside: Outside) -> None:
        self._reader = reader
        self._out = outside

    def read(self, addresses: Sequence[Address], until: datetime) -> Readings:
        try:
            return self._out.call("sns.reach", lambda: self._reader.read(addresses, until))
        except CallFailed as error:
            return Readings(unanswered=dict.fromkeys(Question, str(error)))


class Reaching:
    """What a sweep does besides sweeping, and what people do about drills."""

    def __init__(self, story: Story, time: VirtualTime, store: Kept, outside: Outside, clock: Clock) -> None:
        policy, calls = story.policy, Calls()
        self._policy = policy
        self._store = store
        self._clock = clock
        self.memory = ReachMemory().attach(store)
        self.addresses = Addresses(time, _subscriptions(policy), story.scenario.unreachable, Metrics(), calls)
        topics = {topic: TOPIC.format(name=topic.value) for topic in (Topic.INCIDENTS, Topic.ALERTS)}
        chats = {contact.name: _chat(contact.name) for contact in policy.contacts if contact.chat}
        sns = SnsReader(calls.client("sns"), calls.client("cloudwatch"), clock, topics, chats)
        self._table, self._reader = ReachTable(self.memory, outside), Reader(sns, outside)

    def after_sweep(self, queues: Queues) -> None:
        """As handlers/sweep.py does."""
        self.addresses.measure()
        looking = Looking(self._clock, lambda: self._reader, self._table, queues)
        with suppress(CallFailed):
            drill(looking, self._policy, LEFT)
        with suppress(CallFailed):
            look(looking, self._policy, LEFT)

    def order(self, order: DrillOrder) -> None:
        """As handlers/diagnose.py does."""
        order_drill(order, self._table, self._policy, self._clock.now())

    def wants(self, contact: str, put: Callable[[str, str, object], None]) -> None:
        """Somebody wants the contact drilled."""
        put(EVENT_SOURCE, DRILL_TYPE, {"contact": contact, "by": BY})

    def answers(self, contact: str, put: Callable[[str, str, object], None]) -> None:
        """Somebody answers the contact's newest drill, if there is one."""
        asked = self._store.latest_incident(service_of(contact))
        if asked is not None:
            answer = {"incident": asked.id, "answer": Reaction.ACKNOWLEDGE.value, "by": BY}
            put(EVENT_SOURCE, DETAIL_TYPE, answer)


def _subscriptions(policy: Policy) -> list[Subscription]:
    """Every address is subscribed to whatever it should be."""
    return [
        Subscription(
            _chat(address.contact) if address.topic is Topic.CHAT else TOPIC.format(name=address.topic.value),
            address.medium.value,
            address.endpoint,
            {},
            "",
        )
        for address in expected(policy)
    ]


def _chat(contact: str) -> str:
    return TOPIC.format(name=f"chat-{contact}")
