"""Defib's ports in memory, each call by way of Outside: what stands in where moto would be too slow.

The stores pass the contract suites of the table's (tests/aws).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from defib.core.approval import Answer
from defib.core.call import CallAnswer
from defib.core.case import Action, Attempt, Case, Perform, Wake
from defib.core.incident import Incident, Notice
from defib.core.model import Observation, Registration, Result, Signal, Source, Switch
from defib.core.outbox import Lane, Medium, Outbox, Waiting
from defib.core.page.model import Page, PublicIncident, Shown
from defib.core.post import Post
from defib.core.shift import Served, Shift, ShiftOrder
from defib.core.stack import Stack
from defib.shell.page import LaidOut, Repaged
from defib.shell.ports import Called, CallFailed, Remembered, Surveyed, Suspects
from sim.clock import VirtualTime
from sim.fuzz.cloud import Cloud
from sim.fuzz.lanes import Lanes
from sim.fuzz.outside import Outside
from sim.memory.outboxes import FakeMail
from sim.memory.page import FakePageStore, FakeSite
from sim.memory.store import FakeStore

DELAY_MOST = timedelta(seconds=900)
"""SQS (SendMessage, DelaySeconds)."""


@dataclass(frozen=True, slots=True)
class Now:
    """``ports.Clock`` over virtual time."""

    time: VirtualTime

    def now(self) -> datetime:
        return self.time.now


class Table:
    """``ports.Store``."""

    def __init__(self, store: FakeStore, outside: Outside) -> None:
        self._store = store
        self._out = outside

    def latest_case(self, instance_id: str) -> Case | None:
        return self._out.call("table.read", lambda: self._store.latest_case(instance_id))

    def latest_incident(self, service: str) -> Incident | None:
        return self._out.call("table.read", lambda: self._store.latest_incident(service))

    def remember(self, change: Remembered) -> Remembered:
        return self._out.call("table.write", lambda: self._store.remember(change))

    def stack(self) -> Stack:
        return self._out.call("table.read", self._store.stack)

    def remember_stack(self, change: Surveyed) -> Surveyed:
        return self._out.call("table.write", lambda: self._store.remember_stack(change))

    def remember_call(self, change: Called) -> Called:
        return self._out.call("table.write", lambda: self._store.remember_call(change))

    def due_calls(self, now: datetime, limit: int) -> Sequence[Incident]:
        return self._out.call("table.read", lambda: self._store.due_calls(now, limit))

    def due_contacts(self, now: datetime, limit: int) -> Sequence[str]:
        return self._out.call("table.read", lambda: self._store.due_contacts(now, limit))

    def due_instances(self, now: datetime, limit: int) -> Sequence[str]:
        return self._out.call("table.read", lambda: self._store.due_instances(now, limit))

    def unpublished_notices(self, before: datetime, limit: int) -> Sequence[Notice]:
        return self._out.call("table.read", lambda: self._store.unpublished_notices(before, limit))

    def notice(self, incident_id: str, sequence: int) -> Notice | None:
        return self._out.call("table.read", lambda: self._store.notice(incident_id, sequence))

    def published_at(self, incident_id: str, sequence: int) -> datetime | None:
        return self._out.call("table.read", lambda: self._store.published_at(incident_id, sequence))

    def mark_published(self, incident_id: str, sequence: int, at: datetime) -> None:
        self._out.call("table.write", lambda: self._store.mark_published(incident_id, sequence, at))


class Mail:
    """``shell.announce.Mail``."""

    def __init__(self, mail: FakeMail, outside: Outside) -> None:
        self._mail = mail
        self._out = outside

    def outbox(self, contact: str) -> Outbox:
        return self._out.call("table.read", lambda: self._mail.outbox(contact))

    def remember_outbox(self, outbox: Outbox, waits: Waiting | None = None) -> Outbox:
        return self._out.call("table.write", lambda: self._mail.remember_outbox(outbox, waits))

    def waiting(self, contact: str, lane: Lane, most: int) -> Sequence[Waiting]:
        return self._out.call("table.read", lambda: self._mail.waiting(contact, lane, most))

    def went_out(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        return self._out.call("table.write", lambda: self._mail.went_out(waiting, media))

    def told(self, incident_id: str, sequence: int) -> frozenset[str]:
        return self._out.call("table.read", lambda: self._mail.told(incident_id, sequence))

    def mark_told(self, incident_id: str, sequence: int, mark: str) -> None:
        self._out.call("table.write", lambda: self._mail.mark_told(incident_id, sequence, mark))


@dataclass
class PageMemory(FakePageStore):
    """The page's part of the same table."""

    store: FakeStore = field(default_factory=FakeStore)

    def latest_incident(self, service: str) -> Incident | None:
        return self.store.latest_incident(service)

    def impaired_zones(self) -> Sequence[str]:
        return [impairment.zone for impairment in self.store.stack().impaired if impairment.incident]

    def remember_page(self, change: Repaged) -> Repaged:
        done = super().remember_page(change)
        self.store.notices |= {(n.incident_id, n.sequence): n for n in change.notices}
        return done


class PageTable:
    """``shell.page.PageStore``."""

    def __init__(self, store: PageMemory, outside: Outside) -> None:
        self._store = store
        self._out = outside

    def shown(self) -> Shown:
        return self._out.call("table.read", self._store.shown)

    def public_incidents(self, most: int) -> Sequence[PublicIncident]:
        return self._out.call("table.read", lambda: self._store.public_incidents(most))

    def remember_page(self, change: Repaged) -> Repaged:
        return self._out.call("table.write", lambda: self._store.remember_page(change))

    def latest_incident(self, service: str) -> Incident | None:
        return self._out.call("table.read", lambda: self._store.latest_incident(service))

    def impaired_zones(self) -> Sequence[str]:
        return self._out.call("table.read", self._store.impaired_zones)


class Site:
    """``shell.page.Site``: keeps the newest page only."""

    def __init__(self, site: FakeSite, outside: Outside) -> None:
        self._site = site
        self._out = outside

    def laid_out(self) -> LaidOut | None:
        return self._out.call("site.lay_out", self._site.laid_out)

    def lay_out(self, page: Page) -> None:
        def put() -> None:
            # As conditional puts do: an older page never overwrites a newer one (publish/page/site.py).
            known = self._site.pages
            if not known or (page.version, page.generated_at) >= (known[-1].version, known[-1].generated_at):
                self._site.pages[:] = [page]

        self._out.call("site.lay_out", put)


class Observer:
    """``ports.Observer``."""

    def __init__(self, cloud: Cloud, outside: Outside, looked: Callable[[str], None]) -> None:
        self._cloud = cloud
        self._out = outside
        self._looked = looked

    def observe(self, instance_id: str, registrations: Sequence[Registration], act_is_near: bool = True) -> Observation:
        found = self._out.call("ec2.observe", lambda: self._cloud.observe(instance_id, registrations, act_is_near))
        self._looked(instance_id)
        return found

    def suspects(self) -> Suspects:
        # Each question of the sweep is on its own: one that fails leaves it incomplete, not dead (aws/suspects.py).
        try:
            return self._out.call("ec2.suspects", self._cloud.suspects)
        except CallFailed as error:
            return Suspects((), {"status checks": str(error)})

    def running(self) -> dict[str, int]:
        return self._out.call("ec2.suspects", lambda: dict(self._cloud.running()))

    def zone_ids(self) -> dict[str, str]:
        return dict(self._cloud.zone_ids())

    def serving(self, target_group_arns: Sequence[str]) -> dict[str, dict[str, Served]]:
        return {arn: {} for arn in target_group_arns}

    def unhealthy_targets(self, target_group_arn: str) -> Sequence[str]:
        return self._out.call("ec2.observe", lambda: self._cloud.unhealthy_targets(target_group_arn))


class Actor:
    """``ports.Actor``; every act that reaches EC2 is held against the invariants first."""

    def __init__(self, cloud: Cloud, outside: Outside, judge: Callable[[Attempt, Case], None]) -> None:
        self._cloud = cloud
        self._out = outside
        self._judge = judge

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        def act() -> str:
            self._judge(attempt, case)
            return self._cloud.perform(attempt, case, observation)

        return self._out.call("ec2.perform", act)


class KillSwitch:
    """``ports.KillSwitch``: what can't be read is no exception, but says so."""

    def __init__(self, outside: Outside) -> None:
        self.says = "on"
        self._out = outside

    def read(self) -> Switch:
        try:
            says = self._out.call("switch.read", lambda: self.says)
        except CallFailed:
            return Switch.UNREADABLE
        return Switch.ON if says == "on" else Switch.OFF


class Queues:
    """``ports.Queues``."""

    def __init__(self, lanes: Lanes, outside: Outside, has_page: bool) -> None:
        self._lanes = lanes
        self._out = outside
        self._has_page = has_page

    def signal(self, signals: Sequence[Signal]) -> None:
        def send() -> None:
            for signal in signals:
                self._lanes.send("diagnose", signal)

        self._out.call("queue.signals", send)

    def perform(self, effect: Perform) -> None:
        lane = "evidence" if effect.action is Action.EVIDENCE else "remediate"
        self._out.call("queue.orders", lambda: self._lanes.send(lane, effect))

    def wake(self, effect: Wake, now: datetime) -> None:
        delay = min(max(effect.at - now, timedelta(0)), DELAY_MOST)
        due = Signal(Source.WAKE, effect.instance_id, effect.at, "time to look again")
        self._out.call("queue.wake", lambda: self._lanes.send("diagnose", due, delay))

    def shift(self, order: ShiftOrder) -> None:
        raise AssertionError(f"no policy that is drawn lets Defib shift traffic: {order}")

    def digest(self, contact: str, at: datetime, now: datetime) -> None:
        delay = min(max(at - now, timedelta(0)), DELAY_MOST)
        self._out.call("queue.notices", lambda: self._lanes.send("publish", contact, delay))

    def follow(self, change: str) -> None:
        if self._has_page:
            self._out.call("queue.turns", lambda: self._lanes.send("page", change, group=change, once=f"turn {change}"))

    def announce(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            key = (notice.incident_id, notice.sequence)
            once = f"notice {notice.incident_id}-{notice.sequence}"
            self._out.call(
                "queue.notices",
                lambda k=key, n=notice, o=once: self._lanes.send("publish", k, group=n.incident_id, once=o),  # type: ignore[misc]  # binds the loop's values
            )


class Channel:
    """``ports.Channel``: hands each notice that goes out to ``heard``."""

    name = "memory"
    media: tuple[Medium, ...] = tuple(Medium)

    def __init__(self, outside: Outside, store: FakeStore, heard: Callable[[Notice], None]) -> None:
        self._out = outside
        self._store = store
        self._heard = heard

    def publish(self, post: Post) -> None:
        self._out.call("channel.publish", lambda: self._hear(post))

    def _hear(self, post: Post) -> None:
        """What is summed up has tests of its own (tests/shell/test_delivery.py): here each notice is heard alone."""
        if post.https:
            incident_id, _, sequence = str(json.loads(post.https)["id"]).partition("#")
            notice = self._store.notice(incident_id, int(sequence))
            assert notice is not None
            self._heard(notice)


class Silent:
    """``ports.Journal`` that keeps nothing."""

    def decided(self, before: Case | None, after: Case, observation: Observation) -> None: ...

    def performed(self, case: Case, result: Result) -> None: ...

    def unheeded(self, answer: Answer, instance_id: str, why: str) -> None: ...

    def shifted(self, shift: Shift) -> None: ...

    def heard(self, answer: CallAnswer) -> None: ...

    def unheard(self, answer: CallAnswer, why: str) -> None: ...
