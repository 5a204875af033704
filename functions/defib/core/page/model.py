"""What customers are shown: components, incidents with updates, planned outages. The Statuspage model, as values.

Every document of the page (HTML, JSON, feeds, badges) is made from these.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from defib.core.frozen import dataclass

ID_LENGTH = 12
"""Statuspage's ids are 12 lower-case letters and digits."""


class ComponentStatus(StrEnum):
    """How a component does; the values are Statuspage's."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"

    @property
    def severity(self) -> int:
        """The higher, the worse; maintenance is up."""
        return _SEVERITY[self]


_SEVERITY = {status: severity for severity, status in enumerate(ComponentStatus)}


class IncidentStatus(StrEnum):
    """How far an incident is; the values are Statuspage's."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Work(StrEnum):
    """What is done about trouble: what has been identified need not be under repair."""

    LOOKING = "looking"
    WAITING = "waiting"
    """The repair is held back."""
    REPAIRING = "repairing"
    WATCHING = "watching"
    """Whether the repair lasts."""
    STAFF = "staff"
    """People have to repair it."""


class MaintenanceStatus(StrEnum):
    """How far a planned outage is; the values are Statuspage's."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class Impact(StrEnum):
    """How bad an incident is, and the page as a whole; the values are Statuspage's."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


IMPACT_OF = {
    ComponentStatus.OPERATIONAL: Impact.NONE,
    ComponentStatus.UNDER_MAINTENANCE: Impact.MAINTENANCE,
    ComponentStatus.DEGRADED: Impact.MINOR,
    ComponentStatus.PARTIAL_OUTAGE: Impact.MAJOR,
    ComponentStatus.MAJOR_OUTAGE: Impact.CRITICAL,
}
"""Statuspage computes an incident's impact from its components likewise (Statuspage support, Incident impact)."""


class Origin(StrEnum):
    """Whose word an incident is."""

    DEFIB = "defib"
    """Derived from Defib's own incidents."""
    PERSON = "person"
    """Posted by a person or a program, by way of the Stashboard API."""


@dataclass(frozen=True, slots=True)
class Component:
    """One row of the page: a service of the policy, or one that was added by the Stashboard API."""

    key: str
    """The service's name: also its slug in the Stashboard API and in a badge's path."""
    name: str
    description: str = ""
    group: str = ""
    """The heading it stands under; empty for a row of its own."""
    position: int = 1
    status: ComponentStatus = ComponentStatus.OPERATIONAL
    created_at: datetime | None = None
    updated_at: datetime | None = None
    """When its status last changed."""
    added: bool = False
    """By the Stashboard API: it is no service of the policy."""

    @property
    def id(self) -> str:
        return page_id("component", self.key)


@dataclass(frozen=True, slots=True)
class Affected:
    """What an update changed about one component."""

    key: str
    name: str
    old: ComponentStatus
    new: ComponentStatus


@dataclass(frozen=True, slots=True)
class Update:
    """One entry of an incident's timeline, in words for customers."""

    sequence: int
    """From 1 on within its incident."""
    at: datetime
    status: IncidentStatus
    body: str
    affected: tuple[Affected, ...] = ()
    """Every component that the incident concerns, also those that the update leaves as they were."""


@dataclass(frozen=True, slots=True)
class Stood:
    """How a component stood from a moment on."""

    key: str
    at: datetime
    status: ComponentStatus


@dataclass(frozen=True, slots=True)
class PublicIncident:
    """One incident as customers see it. A value: every change makes a new one with the next version."""

    number: int
    name: str
    subject: str
    """What it is about: ``group:<name>``, ``component:<key>``. Of incidents that are not resolved, each subject has at
    most one for each origin."""
    origin: Origin
    impact: Impact
    status: IncidentStatus
    started_at: datetime
    """When the trouble began."""
    created_at: datetime
    """When it went public, or became a draft."""
    updates: tuple[Update, ...] = ()
    """The oldest first; of very many, the first and the newest (core/page/timeline.py)."""
    monitoring_at: datetime | None = None
    resolved_at: datetime | None = None
    draft: bool = False
    """Waits for a person to publish it: nobody outside sees it, and no component shows it."""
    withdrawn: bool = False
    """Was over before anybody published it: it never becomes public."""
    next_update_at: datetime | None = None
    """What the last update has promised; None once resolved."""
    work: Work = Work.LOOKING
    """As the last update of an incident of Defib's says it."""
    version: int = 0
    stood: tuple[Stood, ...] = ()
    """Each change of a component by updates that are no longer kept, the oldest first."""

    @property
    def id(self) -> str:
        return page_id("incident", str(self.number))

    @property
    def sequence(self) -> int:
        """Of the newest update; 0 before the first."""
        return self.updates[-1].sequence if self.updates else 0

    @property
    def updated_at(self) -> datetime:
        return self.updates[-1].at if self.updates else self.created_at

    @property
    def components(self) -> dict[str, ComponentStatus]:
        """By key, how each component stands by this incident's last word."""
        return {a.key: a.new for a in self.updates[-1].affected} if self.updates else {}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is remembered of the page besides what is over. A value: every change makes a new one."""

    version: int = 0
    """0 until stored; each write requires the version it read."""
    components: tuple[Component, ...] = ()
    last_number: int = 0
    """Of the newest incident."""
    open: tuple[PublicIncident, ...] = ()
    """Not resolved and not withdrawn, drafts among them; the oldest first. Each with its newest update alone, without
    the words; a draft as it is (core/page/timeline.py)."""

    def open_of(self, subject: str, origin: Origin) -> PublicIncident | None:
        """The open incident about ``subject``; there is at most one of each origin."""
        return next((i for i in self.open if (i.subject, i.origin) == (subject, origin)), None)


@dataclass(frozen=True, slots=True)
class PlannedOutage:
    """One planned outage, computed from the policy's windows: it is remembered nowhere."""

    name: str
    body: str
    components: tuple[str, ...]
    """By key."""
    start: datetime
    end: datetime
    status: MaintenanceStatus

    @property
    def id(self) -> str:
        """The same whatever it is called, in whichever language, and whenever it ends."""
        return page_id("maintenance", f"{self.start.isoformat()} {' '.join(sorted(self.components))}")

    @property
    def earlier_id(self) -> str:
        """What builds before this one called it."""
        return page_id("maintenance", f"{self.name} {self.start.isoformat()} {' '.join(self.components)}")


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the documents of the page are made of, at one moment."""

    version: int
    """Grows with every change of what is remembered: a document of an older one never replaces a newer one's."""
    generated_at: datetime
    components: tuple[Component, ...]
    """In the order in which they are shown; those of one group stand together."""
    incidents: tuple[PublicIncident, ...]
    """The newest first; no drafts, none withdrawn."""
    planned: tuple[PlannedOutage, ...]
    """Those that are on and those to come, the soonest first; then those that are over, the latest first."""

    @property
    def open(self) -> tuple[PublicIncident, ...]:
        return tuple(incident for incident in self.incidents if incident.resolved_at is None)

    @property
    def changed_at(self) -> datetime:
        """When anything that it shows last changed; making it anew changes nothing."""
        changes = [c.updated_at for c in self.components if c.updated_at is not None]
        return max([*changes, *(incident.updated_at for incident in self.incidents)], default=self.generated_at)

    @property
    def worst(self) -> ComponentStatus:
        """How the page as a whole does."""
        return max((c.status for c in self.components), key=lambda s: s.severity, default=ComponentStatus.OPERATIONAL)


@lru_cache(maxsize=2048)
def page_id(kind: str, name: str) -> str:
    """A stable id that looks like Statuspage's. Remembered: each look at the page asks for the same ones."""
    digest = int.from_bytes(hashlib.sha256(f"{kind}/{name}".encode()).digest(), "big")
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return "".join(digits[(digest // 36**place) % 36] for place in range(ID_LENGTH))
