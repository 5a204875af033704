"""What people do by the Stashboard API is on the page, and of what Defib has said they can take nothing away."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from defib.core.page.model import Component, ComponentStatus, Origin, Page, Update
from defib.core.page.timeline import FIRST
from sim.fuzz.api import UNAVAILABLE, Answered
from sim.fuzz.invariants.kept import KeptJudge
from sim.fuzz.invariants.truth import Truth

LAG = timedelta(minutes=2)
"""A turn, its delivery, the next sweep's."""
CALLED = {
    ComponentStatus.DEGRADED: "warning",
    ComponentStatus.PARTIAL_OUTAGE: "down",
    ComponentStatus.MAJOR_OUTAGE: "down",
}
"""What Defib's own word is called there; anything else is ``up``."""
OF_DEFIB = 10**10
"""Events that Defib tells of have such numbers, and those that people post have smaller ones."""
WRITES = ("POST", "DELETE")
FEW = 100
"""Incidents of which the API tells."""


@dataclass(frozen=True, slots=True)
class _Event:
    """One that somebody has posted."""

    service: str
    status: str
    there: bool | None = True
    """None where nobody can know: whoever deleted it got no answer."""


class BoardJudge:
    """Knows what the API has answered, and reads the page and the API as customers do."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self.read: Callable[[str], Any] = lambda _: {}
        """What the API tells of a path; set by who asks there."""
        self._asked = False
        """Whether anybody has written by the API."""
        self._added: dict[str, tuple[bool | None, datetime]] = {}
        """By service that is not the policy's: whether it is on the page, since when; None where nobody can know."""
        self._said: dict[str, tuple[ComponentStatus | None, datetime]] = {}
        """By service, how it stands by the last that people have posted of it, since when."""
        self._events: dict[str, _Event] = {}
        """By sid."""
        self._public: dict[int, tuple[Update, ...]] = {}
        """By number, what the page has said of each incident."""
        self._looked_at: Page | None = None
        self._ours = _named(truth)
        self._kept = KeptJudge(truth, self._ours)

    # --- What is asked ---------------------------------------------------------------------------------------------

    def answered(self, asked: Answered) -> None:
        """A request has come to its end."""
        done = {200: True, 201: True, UNAVAILABLE: None}.get(asked.code, False)
        if asked.method not in WRITES or done is False:
            return
        self._asked = True
        form = {name: values[0] for name, values in parse_qs(asked.form, keep_blank_values=True).items()}
        path = tuple(asked.path.split("/"))
        self._kept.answered(asked.method, path, form, done is True)
        match (asked.method, *path):
            case ("POST", "services"):
                self._is_added(form["name"], done)
            case ("POST", "services", service, "events"):
                sid = json.loads(asked.body)["sid"] if done else ""
                self._is_posted(service, form["status"], sid, only_says="informational" in form)
            case ("DELETE", "services", service):
                self._is_removed(service, done)
            case ("DELETE", "services", _, "events", sid):
                if done and int(sid) >= OF_DEFIB:
                    self._truth.breaks("page", f"event {sid} is deleted, which is Defib's own")
                self._are_gone(done, lambda number, _: number == sid)
            case ("DELETE", "statuses", status):
                self._are_gone(done, lambda _, event: event.status == status)

    def _is_added(self, service: str, done: bool | None) -> None:
        now = self._truth.time.now
        if done and service in self._ours & _named(self._truth):
            self._truth.breaks("page", f"{service} is added, which is there")
        self._added[service] = (done, now)
        self._said[service] = (ComponentStatus.OPERATIONAL if done else None, now)

    def _is_removed(self, service: str, done: bool | None) -> None:
        now = self._truth.time.now
        if done and service in self._ours & _named(self._truth):
            self._truth.breaks("page", f"{service} is deleted, which is the policy's")
        self._added[service] = (False if done else None, now)
        self._said[service] = (None, now)
        self._are_gone(done, lambda _, event: event.service == service)

    def _is_posted(self, service: str, status: str, sid: str, only_says: bool) -> None:
        if not only_says:
            self._said[service] = (self._kept.means(status) if sid else None, self._truth.time.now)
        if sid:
            self._events[sid] = _Event(service, status)

    def _are_gone(self, done: bool | None, which: Callable[[str, _Event], bool]) -> None:
        for sid, event in self._events.items():
            if which(sid, event) and event.there is not False:
                self._events[sid] = _Event(event.service, event.status, False if done else None)

    # --- What is read ----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Hold the page against what it has said, and against what the API has answered."""
        page = self._truth.site.pages[-1] if self._truth.site.pages else None
        if page is not None and page is not self._looked_at:
            self._looked_at = page
            self._stays_said(page)
        if page is not None and self._asked:
            self._shows(page)

    def _shows(self, page: Page) -> None:
        components = {component.key: component for component in page.components}
        for service, (there, since) in self._added.items():
            if there is not None and there is not (service in components) and self._is_due(since):
                self._truth.breaks(
                    "page", f"{service} was {'added' if there else 'deleted'}, and the page knows nothing of it"
                )
        for service, component in components.items():
            called, since = self._kept.name_of(service) or (None, self._truth.time.now)
            if called is not None and called != component.name and self._is_due(since):
                self._truth.breaks("page", f"{service} is shown as {component.name!r}, but is called {called!r}")
        for service, (status, since) in self._said.items():
            if status is not None and service in components and self._is_due(since):
                self._stands(components[service], status)
        for incident in page.open:
            gone = incident.components.keys() - components.keys()
            # By a deployment it may be gone since a moment ago.
            if gone and self._is_due(max(incident.updated_at, self._truth.governed_since())):
                self._truth.breaks(
                    "page", f"number {incident.number} goes on, of {min(gone)}, which is not on the page"
                )

    def _is_due(self, since: datetime) -> bool:
        """Whether the page should know: it is laid out anew each minute, whatever went wrong before."""
        now = self._truth.time.now
        return now - since > LAG and self._truth.calm(now - LAG)

    def _stands(self, component: Component, said: ComponentStatus) -> None:
        """What people say of a component is what it shows, or Defib has found it to be worse."""
        as_said = component.status is said if component.added else component.status.severity >= said.severity
        if not as_said:
            self._truth.breaks("page", f"{component.key} is shown as {component.status}, of which people say {said}")

    def _stays_said(self, page: Page) -> None:
        """Nothing that the page has said is unsaid, whoever said it."""
        public = {incident.number: incident.updates for incident in page.incidents}
        for number, updates in self._public.items():
            now = public.get(number, ())
            said = tuple(update for update in updates if not _left_out(update, now))
            if tuple(update for update in now if update in said) != said:
                self._truth.breaks("page", f"of number {number} the page no longer says what it has said")
        self._public = public

    def at_end(self) -> None:
        """The API tells of every word of Defib's, and of what people have posted and not deleted."""
        truth = self._truth
        if not self._asked:
            return
        self._kept.at_end(self.read)
        statuses = {status["id"] for status in self.read("statuses")["statuses"]}
        # Of what a deployment has taken off the page nobody is told any more.
        for service in self._ours & _named(truth):
            found = self.read(f"services/{service}/events")
            missed = Counter(self._told_of(service, statuses)) - Counter(event["message"] for event in found["events"])
            if missed:
                truth.breaks("page", f"the API does not tell {min(missed)!r} of {service}")
        services = {service["id"] for service in self.read("services")["services"]}
        listed = {e["sid"] for s in services for e in self.read(f"services/{s}/events")["events"]}
        for sid, event in self._events.items():
            left = event.service in self._ours - _named(truth)
            if not left and event.there is not None and event.there is not (sid in listed):
                truth.breaks("page", f"event {sid} of {event.service} is {'missing' if event.there else 'still there'}")

    def _told_of(self, service: str, statuses: set[str]) -> Iterator[str]:
        """Defib's own public words about it, but for those whose status somebody has deleted."""
        for update, status in _words(self._truth, service):
            if status in statuses:
                yield update.body


def _named(truth: Truth) -> frozenset[str]:
    """The services that the policy in force has on the page."""
    return frozenset(service.name for service in truth.policy.services if service.page.title)


def _left_out(update: Update, now: Sequence[Update]) -> bool:
    """Of very many updates the page says of all but the first and the newest only that there were some."""
    gap = now[FIRST].sequence if len(now) > FIRST else 0
    return FIRST < update.sequence <= gap and gap > FIRST + 1


def _words(truth: Truth, service: str) -> Iterator[tuple[Update, str]]:
    incidents = truth.site.pages[-1].incidents if truth.site.pages else ()
    for incident in incidents[:FEW]:
        for update in incident.updates if incident.origin is Origin.DEFIB else ():
            new = next((affected.new for affected in update.affected if affected.key == service), None)
            if new is not None:
                yield update, CALLED.get(new, "up")
