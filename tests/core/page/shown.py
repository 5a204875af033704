"""A page of two groups, and a way to let time pass over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from defib.core.incident import Phase
from defib.core.page.derive import Derived, derive
from defib.core.page.model import PublicIncident, Shown
from defib.core.page.settings import Outage, PageSettings, ServiceOnPage
from defib.core.page.timeline import joined
from defib.core.page.trouble import Trouble
from defib.core.page.words import words
from defib.core.policy import Policy, Service, Tag

NOON = datetime(2026, 4, 30, 12, tzinfo=UTC)
WEB = Service(
    "web", {"service": ("web",)}, page=ServiceOnPage("Website", "All of it.", worse_from=2, worse=Outage.MAJOR_OUTAGE)
)
API = Service("api", {"service": ("api",)}, page=ServiceOnPage("API", group="Builds"))
WORKER = Service("worker", {"service": ("worker",)}, page=ServiceOnPage("Workers", group="Builds"))
HIDDEN = Service("batch", {"service": ("batch",)})
POLICY = Policy(
    Tag("self-heal", "true"), (API, WEB, WORKER, HIDDEN), page=PageSettings(enabled=True, title="Example CI")
)

NOTHING: Mapping[str, datetime] = {}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def trouble(
    service: str = "web", phase: Phase = Phase.REPAIRING, instances: int = 1, since: datetime = NOON
) -> Trouble:
    return Trouble(service, since, instances, frozenset({phase}))


class Story:
    """Calls of ``derive`` one after the other, with everything that came of them."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy = policy
        self.shown = Shown()
        self.incidents: dict[int, PublicIncident] = {}
        self.drafted: list[PublicIncident] = []

    def at(self, after: float, *troubled: Trouble, lost: Mapping[str, datetime] = NOTHING) -> Derived:
        """What follows so many minutes after noon."""
        derived = derive(self.shown, troubled, self.policy, NOON + minutes(after), lost)
        self.keep(derived)
        return derived

    def keep(self, derived: Derived) -> None:
        if derived.shown != self.shown:
            self.shown = replace(derived.shown, version=self.shown.version + 1)
        said = words(self.policy.page.language)
        self.incidents |= {i.number: joined(self.incidents.get(i.number), i, said) for i in derived.changed}
        self.drafted += derived.drafted

    @property
    def statuses(self) -> dict[str, str]:
        return {component.key: component.status.value for component in self.shown.components}

    @property
    def only(self) -> PublicIncident:
        (incident,) = self.incidents.values()
        return incident

    @property
    def told(self) -> list[str]:
        """The statuses of all updates of the one incident, in order."""
        return [update.status.value for update in self.only.updates]
