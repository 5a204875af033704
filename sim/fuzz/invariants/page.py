"""The status page says no more and no less than the cases, but for the hold time; pages that follow it say the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from defib.core.incident import Incident, Phase
from defib.core.page.model import Component, ComponentStatus
from defib.core.page.settings import Publishing
from defib.core.page.steps import Tell
from defib.core.policy import Service
from sim.fuzz.elsewhere import OtherSide
from sim.fuzz.invariants.crowd import waits
from sim.fuzz.invariants.truth import Truth

LAG = timedelta(minutes=2)
"""Besides the hold time: a turn, its delivery, the next sweep's."""
FOLLOWS_WITHIN = timedelta(minutes=15)


class PageJudge:
    """Reads the page as a customer does."""

    def __init__(self, truth: Truth, others: Mapping[str, OtherSide]) -> None:
        self._truth = truth
        self._others = others
        self._wrong_since: dict[str, datetime] = {}
        """Component to since when the page contradicts the cases."""

    def look(self) -> None:
        """Hold what is shown against the cases."""
        page = self._truth.policy.page
        if not page.enabled or page.publishing is Publishing.DRAFT or not self._truth.site.pages:
            return
        shown = {component.key: component.status for component in self._truth.site.pages[-1].components}
        for service in self._truth.policy.services:
            status = shown.get(service.name)
            if status is None or status is ComponentStatus.UNDER_MAINTENANCE:
                self._wrong_since.pop(service.name, None)
                continue
            self._agrees(service, status)

    def _agrees(self, service: Service, status: ComponentStatus) -> None:
        truth = self._truth
        now, incident = truth.time.now, truth.store.latest_incident(service.name)
        in_trouble, works = _in_trouble(incident) or self._waits(service), status is ComponentStatus.OPERATIONAL
        hides = service.page.impact.status is ComponentStatus.OPERATIONAL
        contradicts = (not in_trouble and not works) or (in_trouble and works and not hides)
        if not contradicts or truth.store.whole.impaired:
            self._wrong_since.pop(service.name, None)
            return
        since = self._wrong_since.setdefault(service.name, now)
        if now - since > truth.policy.page.hold + LAG and truth.calm(since):
            truth.breaks("page", f"{service.name} is shown as {status} for {now - since} against the cases")
            self._wrong_since.pop(service.name)

    def _waits(self, service: Service) -> bool:
        """Whether some of it have failed for long and wait for their first look, as people have been told of many."""
        truth = self._truth
        crowd = truth.store.whole.crowd
        if crowd is None or not crowd.incident:
            return False
        lasting = truth.time.now - max(service.patience.check, truth.policy.page.hold)
        return any(waits(machine, lasting, truth) for machine in truth.cloud.members.get(service.name, ()))

    def told_elsewhere(self, name: str, tell: Tell) -> None:
        """The page of that name is told something."""
        if (tell.what, tell.mark, tell.part) in self._others[name].told:
            self._truth.breaks("elsewhere", f"{name} is told {tell.mark} of {tell.what} a second time")

    def settled(self) -> bool:
        """Whether whoever follows has had the time to take up what the page said last: the story goes on until then."""
        return not self._truth.policy.page.elsewhere or not any(map(self._is_news, self._shown()))

    def at_end(self) -> None:
        """Whoever follows shows each component as the page does, once nothing keeps it from it.

        A page follows by turns of its own: of what this one has said a moment ago the turn is still on its way.
        """
        truth = self._truth
        if not truth.calm(truth.time.now - FOLLOWS_WITHIN) or not truth.policy.page.enabled:
            return
        shown = [component for component in self._shown() if not self._is_news(component)]
        for other in truth.policy.page.elsewhere:
            there = self._others[other.name].stands
            for component in shown:
                ids = other.components.get(component.key, ())
                wrong = [i for i in ids if there.get(i, ComponentStatus.OPERATIONAL) is not component.status]
                if wrong and not other.manner.by_component and not other.manner.turns_alone:
                    truth.breaks("elsewhere", f"{other.name} shows {wrong[0]} as {there.get(wrong[0])}")

    def _shown(self) -> tuple[Component, ...]:
        pages = self._truth.site.pages
        return pages[-1].components if pages else ()

    def _is_news(self, component: Component) -> bool:
        changed = component.updated_at
        return changed is not None and self._truth.time.now - changed < LAG


def _in_trouble(incident: Incident | None) -> bool:
    if incident is None or incident.resolved_at is not None:
        return False
    return any(member.phase is not Phase.CLOSED for member in incident.members)
