"""Pages that follow the status page say what it says: nothing twice, in order, all of it, and stand as it does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.followed import About
from defib.core.page.model import Component, ComponentStatus
from defib.core.page.steps import Tell
from sim.fuzz.elsewhere import Judges, OtherSide
from sim.fuzz.invariants.page import LAG
from sim.fuzz.invariants.truth import Truth

FOLLOWS_WITHIN = timedelta(minutes=15)

STASHBOARD = {
    ComponentStatus.OPERATIONAL: "up",
    ComponentStatus.UNDER_MAINTENANCE: "warning",
    ComponentStatus.DEGRADED: "warning",
    ComponentStatus.PARTIAL_OUTAGE: "warning",
    ComponentStatus.MAJOR_OUTAGE: "down",
}
"""Its three words for each (docs/other-pages.md)."""


class ElsewhereJudge:
    """Reads the other pages as their customers do."""

    def __init__(self, truth: Truth, others: Mapping[str, OtherSide]) -> None:
        self._truth = truth
        self._others = others

    def of(self, name: str) -> Judges:
        breaks = self._truth.breaks

        def needless(tell: Tell) -> None:
            breaks("elsewhere", f"{name} is sent {tell.mark} of {tell.what} again, for no reason")

        def mistaken(tell: Tell, how: str) -> None:
            breaks("elsewhere", f"{tell.mark} of {tell.what} is taken for told to {name}, {how}")

        return Judges(lambda tell: self._told(name, tell), needless, mistaken)

    def _told(self, name: str, tell: Tell) -> None:
        before = [(mark, part) for what, mark, part in self._others[name].told if what == tell.what]
        if (tell.mark, tell.part) in before:
            self._truth.breaks("elsewhere", f"{name} is told {tell.mark} of {tell.what} a second time")
        elif tell.item.about is About.INCIDENT and any(int(mark) > int(tell.mark) for mark, _ in before):
            self._truth.breaks("elsewhere", f"{name} is told {tell.mark} of {tell.what} after a later one")

    def settled(self) -> bool:
        """Whether whoever follows has had the time to take up what the page said last: the story goes on until then."""
        return not self._truth.policy.page.elsewhere or not any(map(self._is_news, self._shown()))

    def at_end(self) -> None:
        """Whoever follows shows what the page shows and says what it says, once nothing keeps it from it.

        A page follows by turns of its own: of what this one has said a moment ago the turn is still on its way.
        """
        truth = self._truth
        if not truth.calm(truth.time.now - FOLLOWS_WITHIN) or not truth.policy.page.enabled:
            return
        for other in truth.policy.page.elsewhere:
            for component in self._shown():
                self._stands(other, component)
            self._has_all(other)

    def _stands(self, other: OtherPage, component: Component) -> None:
        for there in other.there(component.key):
            here = [c for c in self._shown() if there in other.there(c.key)]
            worst: ComponentStatus = max((c.status for c in here), key=lambda status: status.severity)
            called = component.name if other.kind is Kind.WEBHOOK else there
            stands = self._others[other.name].stands(called)
            if not _alike(other, stands, worst) and not any(map(self._is_news, here)):
                self._truth.breaks("elsewhere", f"{other.name} shows {called} as {stands}, which is {worst}")

    def _shown(self) -> tuple[Component, ...]:
        pages = self._truth.site.pages
        return pages[-1].components if pages else ()

    def _is_news(self, component: Component) -> bool:
        changed = component.updated_at
        return changed is not None and self._truth.time.now - changed < LAG

    def _has_all(self, other: OtherPage) -> None:
        """Of each incident that began, and went on, while nothing was wrong with the machinery.

        What was over before anybody followed stays where it is (docs/other-pages.md).
        """
        truth, told = self._truth, {(what, mark) for what, mark, _ in self._others[other.name].told}
        follows_from = truth.story.scenario.start + LAG
        for incident in truth.site.pages[-1].incidents if truth.site.pages else ():
            past = incident.resolved_at is not None and incident.resolved_at < follows_from
            if past or not truth.calm(incident.created_at):
                continue
            for update in incident.updates:
                concerned = any(other.there(affected.key) for affected in update.affected)
                due = truth.time.now - update.at > FOLLOWS_WITHIN
                if concerned and due and (f"{About.INCIDENT}:{incident.number}", str(update.sequence)) not in told:
                    truth.breaks("elsewhere", f"{other.name} never heard of {incident.number}'s {update.sequence}")


def _alike(other: OtherPage, there: ComponentStatus, here: ComponentStatus) -> bool:
    """Whether the one is the other, in the words that are known there."""
    if other.manner.by_component:
        return STASHBOARD[there] == STASHBOARD[here]
    # By the times of a planned outage it knows by itself what is under maintenance.
    return there is here or (other.manner.turns_alone and here is ComponentStatus.UNDER_MAINTENANCE)
