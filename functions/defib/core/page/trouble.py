"""From what staff are told to what customers feel: which services are in trouble, since when, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from defib.core.incident import Incident, Phase
from defib.core.page.model import ComponentStatus, IncidentStatus
from defib.core.service import Service

REPAIRING = frozenset({Phase.REPAIRING, Phase.VERIFYING})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One service's trouble at this moment."""

    service: str
    since: datetime
    """When the oldest of its failures that still last began."""
    instances: int
    """How many of its instances are in trouble."""
    phases: frozenset[Phase]

    @property
    def needs_people(self) -> bool:
        """Whether Defib has given a repair up to people: then it is no blip, however short it has lasted."""
        return Phase.HANDED_OVER in self.phases


def troubles(incidents: Iterable[Incident]) -> tuple[Trouble, ...]:
    """The services in trouble, by the newest incident of each; of incidents that are over, none."""
    found = (_trouble(incident) for incident in incidents if incident.resolved_at is None)
    return tuple(trouble for trouble in found if trouble is not None)


def _trouble(incident: Incident) -> Trouble | None:
    members = [m for m in incident.members if m.phase is not Phase.CLOSED]
    if not members:
        return None
    return Trouble(
        incident.service, min(m.since for m in members), len(members), frozenset(member.phase for member in members)
    )


def status_of(troubled: Sequence[Trouble]) -> IncidentStatus:
    """How far an incident about these is: nobody is told of a repair that has not begun, or of a cure not yet tried."""
    phases = frozenset[Phase]().union(*(trouble.phases for trouble in troubled))
    if phases <= {Phase.VERIFYING}:
        return IncidentStatus.MONITORING
    return IncidentStatus.IDENTIFIED if phases & REPAIRING else IncidentStatus.INVESTIGATING


def component_status(trouble: Trouble, service: Service) -> ComponentStatus:
    """How the service's component does, by the operator's word."""
    shown = service.page
    return (shown.worse if trouble.instances >= shown.worse_from else shown.impact).status
