"""What another page can be told by one call: an update, how a planned outage stands, how a component does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from defib.core.frozen import dataclass
from defib.core.page.followed import Item
from defib.core.page.model import (
    Component,
    ComponentStatus,
    Impact,
    IncidentStatus,
    MaintenanceStatus,
    PlannedOutage,
    PublicIncident,
    Update,
)

CALLED_OFF = "called off"
"""The mark of a planned outage that the policy no longer names."""
DELETED = "deleted"
"""The mark of one that somebody has deleted there: nothing more is told of it, whatever becomes of it here."""


@dataclass(frozen=True, slots=True)
class Front:
    """What this page shows, as far as others follow it."""

    components: tuple[Component, ...]
    last_number: int
    """Of the newest incident."""
    incidents: Mapping[int, PublicIncident]
    """By number: those that are open, drafts among them, and those that are still to be told of."""
    outages: Mapping[str, PlannedOutage]
    """By id."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the other page of one update of an incident, or of how a planned outage stands now."""

    item: Item
    mark: str
    """Which; the same for as long as it has not been told."""
    name: str
    status: IncidentStatus | MaintenanceStatus
    impact: Impact
    body: str
    at: datetime
    """When this page said it."""
    began_at: datetime
    """When this page said the first of it; it never changes."""
    concerned: tuple[str, ...]
    """The components there that it is about."""
    components: Mapping[str, ComponentStatus] = field(default_factory=dict)
    """Those to be put so in the same call."""
    part: str = ""
    """The one component that is told now, where each is told by itself."""
    latest: str = ""
    """The id of the last event of that component that is known."""
    before: tuple[Update, ...] = ()
    """The incident's updates that were told before it, the oldest first."""
    incident: PublicIncident | None = None
    """As it stood with this update."""
    outage: PlannedOutage | None = None
    here: tuple[Component, ...] = ()
    """All that this page shows."""

    @property
    def what(self) -> str:
        return self.item.name

    @property
    def is_called_off(self) -> bool:
        return self.mark == CALLED_OFF

    @property
    def is_moved(self) -> bool:
        """Whether it is a planned outage that ends at another time than was told there."""
        if self.outage is None or self.is_called_off or not self.item.told:
            return False
        return self.item.told.partition(" ")[2] != self.mark.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Stand:
    """Put one component there as it stands here. To do it twice does no harm."""

    component: str
    status: ComponentStatus
    mark: str
    """The same for as long as it stands so."""
    before: ComponentStatus | None = None
    """How it was last put there; None when it never was."""
    here: tuple[Component, ...] = ()
    """All that this page shows."""

    @property
    def what(self) -> str:
        return self.component


Step = Tell | Stand


@dataclass(frozen=True, slots=True)
class Done:
    """What a call has come to."""

    remote: str = ""
    """The id there of what it was about."""
    latest: str = ""
    """The id of the event that it made, where each component is told by itself."""
