"""From what staff are told to what customers feel: which services are in trouble, since when, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from defib.core.crowd import INCIDENT_SERVICE
from defib.core.frozen import dataclass
from defib.core.incident import Incident, Member, Phase
from defib.core.model import Cause
from defib.core.page.model import ComponentStatus, IncidentStatus, Work
from defib.core.service import Service
from defib.core.stack import Stack
from defib.core.zones import incident_service

REPAIRING = frozenset({Phase.REPAIRING, Phase.VERIFYING})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One service's trouble at this moment."""

    service: str
    since: datetime
    """Since when one failure or another has lasted without a gap."""
    instances: int
    """How many of its instances are in trouble."""
    phases: frozenset[Phase]

    @property
    def needs_people(self) -> bool:
        """Whether Defib has given a repair up to people: then it is no blip, however short it has lasted."""
        return Phase.HANDED_OVER in self.phases


def troubles(incidents: Iterable[Incident]) -> tuple[Trouble, ...]:
    """The services in trouble, by the newest incident of each and those that tell of many; of what is over, none."""
    found: dict[str, Trouble] = {}
    for incident in (i for i in incidents if i.resolved_at is None):
        for trouble in _troubles(incident):
            known = found.get(trouble.service)
            found[trouble.service] = trouble if known is None else _both(known, trouble)
    return tuple(found.values())


def losses(incidents: Iterable[Incident]) -> Mapping[str, datetime]:
    """The services whose newest incident lost an instance that nobody has seen work since, each with when it last did.

    The cases of an instance stand in its incident one after the other.
    """
    found: dict[str, datetime] = {}
    for incident in incidents:
        latest = {member.instance_id: member for member in incident.members}
        lost = [m.closed_at for m in latest.values() if m.is_lost and m.closed_at is not None]
        if lost:
            found[incident.service] = max(lost)
    return found


def bulletins(stack: Stack) -> tuple[str, ...]:
    """The names under which incidents are kept that tell of many services, of those that people have been told of."""
    zones = tuple(incident_service(impairment.zone) for impairment in stack.impaired if impairment.incident)
    return (*zones, INCIDENT_SERVICE) if stack.crowd is not None and stack.crowd.incident else zones


def _troubles(incident: Incident) -> Iterator[Trouble]:
    members = [m for m in incident.members if m.is_missed]
    if members:
        phases = frozenset(member.phase for member in members)
        yield Trouble(incident.service, _since(incident, members), len(members), phases)
    for service, instances in incident.services.items():
        yield Trouble(service, incident.opened_at, instances, frozenset({Phase.HELD}))


def _since(incident: Incident, missed: Sequence[Member]) -> datetime:
    """Since when one failure or another has lasted without a gap: what is over by now may have begun it.

    An incident may be open, and nothing in trouble: while only AWS's list is waited for, or a group.
    """
    since = min(m.since for m in missed)
    over = (m for m in incident.members if m.phase is Phase.CLOSED and m.cause is not Cause.EVENT_SCHEDULED)
    ended = ((m.closed_at, m.since) for m in over if m.closed_at is not None and not m.idle)
    for closed_at, began in sorted(ended, reverse=True):
        since = min(since, began) if closed_at >= since else since
    return since


def _both(one: Trouble, other: Trouble) -> Trouble:
    since, instances = min(one.since, other.since), one.instances + other.instances
    return Trouble(one.service, since, instances, one.phases | other.phases)


def status_of(troubled: Sequence[Trouble]) -> IncidentStatus:
    """How far an incident about these is: nobody is told of a repair that has not begun, or of a cure not yet tried."""
    phases = _phases(troubled)
    if phases <= {Phase.VERIFYING}:
        return IncidentStatus.MONITORING
    return IncidentStatus.IDENTIFIED if phases & REPAIRING else IncidentStatus.INVESTIGATING


def work_on(troubled: Sequence[Trouble], status: IncidentStatus) -> Work:
    """What is done about an incident of that status: nobody is told of a repair that Defib has given up."""
    phases = _phases(troubled)
    if status is IncidentStatus.MONITORING:
        return Work.WATCHING
    if status is not IncidentStatus.IDENTIFIED:
        return Work.LOOKING
    if phases & REPAIRING:
        return Work.REPAIRING
    if Phase.HANDED_OVER in phases:
        return Work.STAFF
    return Work.WAITING if Phase.HELD in phases else Work.LOOKING


def _phases(troubled: Sequence[Trouble]) -> frozenset[Phase]:
    return frozenset[Phase]().union(*(trouble.phases for trouble in troubled))


def component_status(trouble: Trouble, service: Service) -> ComponentStatus:
    """How the service's component does, by the operator's word."""
    shown = service.page
    return (shown.worse if trouble.instances >= shown.worse_from else shown.impact).status
