"""The status page says no more and no less than the cases, but for the hold time."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.case import Case, Outcome
from defib.core.incident import Incident, Phase
from defib.core.model import Cause
from defib.core.page.model import ComponentStatus, Origin, Page, PublicIncident
from defib.core.page.settings import Language, Publishing
from defib.core.page.words import words
from defib.core.policy import Policy, Service
from sim.fuzz.invariants.crowd import waits
from sim.fuzz.invariants.planned import outage_until, spans
from sim.fuzz.invariants.tried import is_begun
from sim.fuzz.invariants.truth import Truth

LAG = timedelta(minutes=2)
"""Besides the hold time: a turn, its delivery, the next sweep's."""
SEEN_TO_WORK = frozenset({Outcome.HEALED, Outcome.RECOVERED, Outcome.NOTHING_WRONG, Outcome.GAVE_WAY, Outcome.REPLACED})
"""How a case ends of what works, has another in its place, or has its next case."""
CLAIMS = [words(language).resolved.split("{names}")[1].split("{")[0] for language in Language]
"""What says to customers that something works again, in each language."""
NEAR = timedelta(hours=1)
"""How near a planned outage must be to be held against the policy: a week of them would take long."""


class PageJudge:
    """Reads the page as a customer does."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._wrong_since: dict[str, datetime] = {}
        """Component to since when the page contradicts the cases."""
        self._published: set[int] = set()
        """Drafts that people want to be public."""
        self._page: Page | None = None
        """The newest that was read."""
        self._shown: dict[str, ComponentStatus] = {}
        """By component, how it stands there."""
        self._ended: set[int] = set()
        """Incidents whose last word has been read."""
        self._said: set[str] = set()
        """Components of which people say something there: that is theirs, whatever Defib finds."""
        self._planned: dict[str, datetime] = {}
        """By service, until when an outage of it is planned, where one is on."""
        self._governs: Policy | None = None
        """The policy by which that is so."""

    def published(self, number: int) -> None:
        """Somebody publishes the draft of that number."""
        self._published.add(number)
        since = self._truth.time.now
        self._truth.time.after(LAG, lambda: self._is_public(number, since))

    def look(self) -> None:
        """Hold what is shown against the cases, or against what people have published."""
        page = self._truth.policy.page
        if not page.enabled or not self._truth.site.pages:
            return
        if page.publishing is Publishing.DRAFT:
            incidents = self._truth.site.pages[-1].incidents
            unasked = {incident.number for incident in incidents if not _is_posted(incident)} - self._published
            if unasked:
                self._truth.breaks("page", f"number {min(unasked)} is public, which nobody has published")
            return
        self._read(self._truth.site.pages[-1])
        for service in self._truth.policy.services:
            status = self._shown.get(service.name)
            # A component of its name that the API has added is theirs, too.
            theirs = service.name in self._said or not service.page.title
            if status is None or theirs:
                self._wrong_since.pop(service.name, None)
            elif status is ComponentStatus.UNDER_MAINTENANCE:
                self._agrees(service, status, self._is_planned(service))
            else:
                self._agrees(service, status, self._is_as_cases_say(service, status))

    def _read(self, page: Page) -> None:
        """Take in what it says; it lies there unchanged until another is laid out."""
        if page is self._page:
            return
        self._page = page
        self._says_what_is_planned(page)
        self._shown = {component.key: component.status for component in page.components}
        for incident in page.incidents:
            if incident.resolved_at is not None and incident.number not in self._ended and not _is_posted(incident):
                self._ended.add(incident.number)
                self._claims(incident, incident.resolved_at)
        open_now = (i for i in page.incidents if _is_posted(i) and i.resolved_at is None)
        self._said = {key for incident in open_now for key in incident.components}

    def _claims(self, incident: PublicIncident, at: datetime) -> None:
        """Nobody reads that something works again of which nobody has seen that when its last case ended."""
        said = incident.updates[-1].body
        if not any(claim in said for claim in CLAIMS):
            return
        for service in incident.components:
            known = self._truth.store.latest_incident(service)
            last = {m.instance_id: m.case_id for m in known.members} if known is not None else {}
            named = (c for c in self._truth.store.cases.values() if c.id in last.values())
            for case in (c for c in named if not _never_failed(c)):
                ended = case.closed_at is not None and incident.started_at <= case.closed_at < at
                if ended and case.outcome not in SEEN_TO_WORK:
                    what = f"{service} works again, customers read, though {case.id} ended as {case.outcome}"
                    self._truth.breaks("page", what)

    def _is_planned(self, service: Service) -> bool:
        if self._governs is not self._truth.policy:
            self._governs = self._truth.policy
            self._planned.clear()
        until, now = self._planned.get(service.name), self._truth.time.now
        if until is None or until <= now:
            until = outage_until(self._truth.policy, service, now)
            if until is None:
                return False
            self._planned[service.name] = until
        return True

    def _says_what_is_planned(self, page: Page) -> None:
        """Of outages that are near it tells of none that is none, nor another time; and of each that is on."""
        at, policy = page.generated_at, self._truth.policy
        if self._truth.policy_at(at) is not policy:
            return
        near = [o for o in page.planned if at - NEAR < o.end and o.start < at + NEAR]
        shown = {(name, outage.start, outage.end) for outage in near for name in outage.components}
        services = [service for service in policy.services if service.page.title]
        planned = {
            (service.name, begin, end)
            for service in services
            for begin, end in spans((*policy.maintenance, *service.maintenance), at - NEAR, at + NEAR)
        }
        wrong = (shown - planned) | {plan for plan in planned - shown if plan[1] <= at < plan[2]}
        for name, begin, end in sorted(wrong):
            self._truth.breaks("page", f"it and the policy differ in an outage of {name} from {begin} to {end}")

    def _is_public(self, number: int, since: datetime) -> None:
        """What was published a while ago is on the page, unless it was over before that: then nobody ever reads it."""
        known = self._truth.public_incident(number)
        shown = self._truth.site.pages[-1].incidents if self._truth.site.pages else ()
        is_there = any(incident.number == number for incident in shown)
        if not is_there and known is not None and not known.withdrawn and self._truth.calm(since):
            self._truth.breaks("page", f"number {number} was published, and is not on the page after {LAG}")

    def _is_as_cases_say(self, service: Service, status: ComponentStatus) -> bool:
        missed = _in_trouble(self._truth.store.latest_incident(service.name))
        page = service.page
        says = {ComponentStatus((page.worse if missed >= page.worse_from else page.impact).value)}
        if self._waits(service):
            # How many of a crowd are counted so far, only its news says.
            says = {ComponentStatus(page.worse.value), ComponentStatus(page.impact.value)}
        elif not missed:
            says = {ComponentStatus.OPERATIONAL}
        return status in says or bool(self._truth.store.whole.impaired)

    def _agrees(self, service: Service, status: ComponentStatus, agrees: bool) -> None:
        truth, now = self._truth, self._truth.time.now
        if agrees:
            self._wrong_since.pop(service.name, None)
            return
        since = self._wrong_since.setdefault(service.name, now)
        late = now - since > truth.policy.page.hold + LAG
        if late and now - since > truth.policy.page.hold + LAG + truth.worn(since) and truth.calm(since):
            truth.breaks("page", f"{service.name} is shown as {status} for {now - since}, which it is not")
            self._wrong_since.pop(service.name)

    def _waits(self, service: Service) -> bool:
        """Whether some of it have failed for long and wait for their first look, as people have been told of many."""
        truth = self._truth
        crowd = truth.store.whole.crowd
        if crowd is None or not crowd.incident:
            return False
        lasting = truth.time.now - max(service.patience.check, truth.policy.page.hold)
        return any(waits(machine, lasting, truth) for machine in truth.cloud.members.get(service.name, ()))


def _in_trouble(incident: Incident | None) -> int:
    """How many of the service's instances are."""
    if incident is None or incident.resolved_at is not None:
        return 0
    return sum(1 for member in incident.members if member.phase is not Phase.CLOSED and not member.idle)


def _never_failed(case: Case) -> bool:
    """Whether AWS had announced something, and nothing else was ever about it."""
    return case.cause is Cause.EVENT_SCHEDULED and not is_begun(case)


def _is_posted(incident: PublicIncident) -> bool:
    return incident.origin is Origin.PERSON
