"""The table and the status page's place in memory, each call by way of Outside.

The stores beneath pass the contract suites of the table's (tests/aws).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from defib.core.answer.link import Use
from defib.core.answer.many import Many
from defib.core.case import Case
from defib.core.incident import Incident, Notice
from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox, Waiting
from defib.core.page.followed import Followed
from defib.core.page.model import Page, PublicIncident, Shown
from defib.core.page.trouble import bulletins
from defib.core.rationing import PlannedLook
from defib.core.stack import Stack
from defib.shell.page import LaidOut, Repaged
from defib.shell.store import Called, Conflict, Remembered, Surveyed, Unread
from sim.clock import VirtualTime
from sim.fuzz.outside import Outside
from sim.fuzz.past import Past
from sim.fuzz.trouble import Spell, Trouble
from sim.memory.outboxes import FakeMail
from sim.memory.page import FakePageStore, FakeSite
from sim.memory.store import FakeStore


@dataclass
class Kept(FakeStore):
    """The whole table: the cases, and which contacts' messages are due."""

    mail: FakeMail = field(default_factory=FakeMail)
    remembered: Callable[[Case], None] = lambda _: None
    """Hears of each case that has been written."""

    def remember(self, change: Remembered) -> Remembered:
        done = super().remember(change)
        self.remembered(done.case)
        return done

    def due_contacts(self, until: datetime, limit: int) -> Mapping[str, datetime]:
        return due_contacts(self.mail, until, limit)


def due_contacts(mail: FakeMail, until: datetime, limit: int) -> Mapping[str, datetime]:
    """As ``ports.Store`` promises."""
    due = sorted((at, name) for name, box in mail.boxes.items() if (at := box.due_at()) and at <= until)
    return {name: at for at, name in due[:limit]}


class Table:
    """``ports.Store``."""

    def __init__(self, store: Kept, outside: Outside, time: VirtualTime, spells: Collection[Spell]) -> None:
        self._store = store
        self._out = outside
        self._past = Past(store, store.mail, time, spells)
        self._index = outside.word("table.read", "index")
        self._versioned = outside.word("table.write", "versioned")

    def latest_case(self, instance_id: str) -> Case | None:
        return self._out.call("table.read", self._store.latest_case, instance_id)

    def latest_incident(self, service: str) -> Incident | None:
        return self._out.call("table.read", self._store.latest_incident, service)

    def remember(self, change: Remembered) -> Remembered:
        return self._out.call(self._versioned, self._store.remember, change)

    def stack(self) -> Stack:
        return self._out.call("table.read", self._store.stack)

    def remember_stack(self, change: Surveyed) -> Surveyed:
        return self._out.call(self._versioned, self._store.remember_stack, change)

    def remember_call(self, change: Called) -> Called:
        return self._out.call(self._versioned, self._store.remember_call, change)

    def due_calls(self, now: datetime, limit: int, unread: Unread | None = None) -> Sequence[Incident]:  # noqa: ARG002
        def read() -> Sequence[Incident]:
            named, here = self._indexed()[0].due_calls(now, limit), self._store.incidents
            incidents = [here[i.service, i.number] for i in named]
            # What the index names is read from the table itself, which is consistent (aws/store.py); notices likewise.
            return [i for i in incidents if i.call is not None and i.call.next_at <= now]

        return self._out.call(self._index, read)

    def due_contacts(self, until: datetime, limit: int) -> Mapping[str, datetime]:
        return self._out.call(self._index, lambda: due_contacts(self._indexed()[1], until, limit))

    def due_instances(self, now: datetime, limit: int) -> Sequence[str]:
        return self._out.call(self._index, lambda: self._indexed()[0].due_instances(now, limit))

    def planned_looks(self, now: datetime, until: datetime) -> Mapping[str, PlannedLook]:
        return self._out.call(self._index, lambda: self._indexed()[0].planned_looks(now, until))

    def unpublished_notices(
        self,
        before: datetime,
        limit: int,
        unread: Unread | None = None,  # noqa: ARG002 - here all is one call
    ) -> Sequence[Notice]:
        def read() -> Sequence[Notice]:
            published = self._store.published
            named = self._indexed()[0].unpublished_notices(before, limit)
            return [n for n in named if (n.incident_id, n.sequence) not in published]

        return self._out.call(self._index, read)

    def _indexed(self) -> tuple[FakeStore, FakeMail]:
        """What the index says that there is: the table as it is, or as it was a while ago."""
        return self._past.shown() if self._out.answers_badly is Trouble.STALE else (self._store, self._store.mail)

    def notice(self, incident_id: str, sequence: int) -> Notice | None:
        return self._out.call("table.read", self._store.notice, incident_id, sequence)

    def published_at(self, incident_id: str, sequence: int) -> datetime | None:
        return self._out.call("table.read", self._store.published_at, incident_id, sequence)

    def mark_published(self, incident_id: str, sequence: int, at: datetime) -> None:
        self._out.call("table.write", self._store.mark_published, incident_id, sequence, at)


class Mail:
    """``shell.outboxes.Mail``."""

    def __init__(self, mail: FakeMail, outside: Outside) -> None:
        self._mail = mail
        self._out = outside
        self._versioned = outside.word("table.write", "versioned")

    def outbox(self, contact: str) -> Outbox:
        return self._out.call("table.read", self._mail.outbox, contact)

    def remember_outbox(self, outbox: Outbox, waits: Waiting | None = None) -> Outbox:
        return self._out.call(self._versioned, self._mail.remember_outbox, outbox, waits)

    def waiting(self, contact: str, lane: Lane, most: int) -> Sequence[Waiting]:
        return self._out.call("table.read", self._mail.waiting, contact, lane, most)

    def went_out(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        return self._out.call("table.write", self._mail.went_out, waiting, media)

    def set_apart(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        return self._out.call("table.write", self._mail.set_apart, waiting, media)

    def told(self, incident_id: str, sequence: int) -> frozenset[str]:
        return self._out.call("table.read", self._mail.told, incident_id, sequence)

    def mark_told(self, incident_id: str, sequence: int, mark: str) -> None:
        self._out.call("table.write", self._mail.mark_told, incident_id, sequence, mark)


@dataclass
class PageMemory(FakePageStore):
    """The page's part of the same table."""

    store: FakeStore = field(default_factory=FakeStore)

    def latest_incident(self, service: str) -> Incident | None:
        return self.store.latest_incident(service)

    def bulletins(self) -> Sequence[str]:
        return bulletins(self.store.stack())

    def remember_page(self, change: Repaged) -> Repaged:
        done = super().remember_page(change)
        self._tell(change.notices)
        return done

    def remember_followed(self, name: str, followed: Followed, notices: Sequence[Notice] = ()) -> Followed:
        done = super().remember_followed(name, followed, notices)
        self._tell(notices)
        return done

    def _tell(self, notices: Sequence[Notice]) -> None:
        self.store.notices |= {(n.incident_id, n.sequence): n for n in notices}


class PageTable:
    """``shell.page.PageStore``."""

    def __init__(self, store: PageMemory, outside: Outside) -> None:
        self._store = store
        self._out = outside
        self._versioned = outside.word("table.write", "versioned")

    def shown(self) -> Shown:
        return self._out.call("table.read", self._store.shown)

    def public_incidents(self, most: int) -> Sequence[PublicIncident]:
        return self._out.call("table.read", self._store.public_incidents, most)

    def remember_page(self, change: Repaged) -> Repaged:
        return self._out.call(self._versioned, self._store.remember_page, change)

    def latest_incident(self, service: str) -> Incident | None:
        return self._out.call("table.read", self._store.latest_incident, service)

    def bulletins(self) -> Sequence[str]:
        return self._out.call("table.read", self._store.bulletins)

    def public_incident(self, number: int) -> PublicIncident | None:
        return self._out.call("table.read", self._store.public_incident, number)

    def followed(self, name: str) -> Followed:
        return self._out.call("table.read", self._store.followed, name)

    def remember_followed(self, name: str, followed: Followed, notices: Sequence[Notice] = ()) -> Followed:
        return self._out.call(self._versioned, self._store.remember_followed, name, followed, notices)


class LinkTable:
    """``answer.ports.Links``, and where it is kept what a link to many grants."""

    def __init__(self, store: FakeStore, outside: Outside) -> None:
        self._store = store
        self._out = outside
        self._used: dict[str, Use] = {}
        self._many: dict[str, Many] = {}

    def keep(self, many: Many) -> None:
        self._out.call("table.write", self._many.update, {many.link_id: many})

    def many(self, link_id: str) -> Many | None:
        return self._out.call("table.read", self._many.get, link_id)

    def incidents(self, incident_ids: Sequence[str]) -> Mapping[str, Incident]:
        found = {incident_id: self.incident(incident_id) for incident_id in incident_ids}
        return {incident_id: incident for incident_id, incident in found.items() if incident is not None}

    def incident(self, incident_id: str) -> Incident | None:
        service, _, number = incident_id.rpartition("-")
        return self._out.call("table.read", lambda: self._store.incidents.get((service, int(number))))

    def case(self, case_id: str) -> Case | None:
        instance_id, _, number = case_id.rpartition("-")
        return self._out.call("table.read", lambda: self._store.cases.get((instance_id, int(number))))

    def use(self, link_id: str) -> Use | None:
        return self._out.call("table.read", self._used.get, link_id)

    def remember(self, use: Use, link_expires_at: datetime) -> None:
        def put() -> None:
            if use.link_id in self._used:
                raise Conflict(f"the link {use.link_id} has been used")
            self._used[use.link_id] = use

        del link_expires_at
        self._out.call("table.write", put)

    def passed_on(self, link_id: str, at: datetime) -> None:
        def put() -> None:
            self._used[link_id] = replace(self._used[link_id], passed_on_at=at)

        self._out.call("table.write", put)


class Site:
    """``shell.page.Site``: keeps the newest page only."""

    def __init__(self, site: FakeSite, outside: Outside) -> None:
        self._site = site
        self._out = outside

    def laid_out(self) -> LaidOut | None:
        return self._out.call("site.lay_out", self._site.laid_out)

    def lay_out(self, page: Page, until: datetime) -> bool:
        def put() -> None:
            # As conditional puts do: an older page never overwrites a newer one (publish/page/site.py).
            known = self._site.pages
            if not known or (page.version, page.generated_at) >= (known[-1].version, known[-1].generated_at):
                self._site.pages[:] = [page]

        del until  # a story's documents are few
        self._out.call("site.lay_out", put)
        return True
