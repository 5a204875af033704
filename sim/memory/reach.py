"""What is remembered of looks at addresses, in memory. It passes the table's contract suite (tests/aws)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from defib.core.incident import Incident, Notice
from defib.core.reach import Reach
from defib.shell.reach import Reached
from defib.shell.store import Conflict


@dataclass
class FakeReachStore:
    """What is remembered of looks, and of incidents about contacts."""

    now: Reach = field(default_factory=Reach)
    incidents: dict[tuple[str, int], Incident] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    interruptions: list[Callable[[], None]] = field(default_factory=list)
    """Each runs once, just before a ``remember_reach``: a rival's write, or a raised error."""

    def reach(self) -> Reach:
        return self.now

    def latest_incident(self, service: str) -> Incident | None:
        numbers = [number for name, number in self.incidents if name == service]
        return self.incidents[service, max(numbers)] if numbers else None

    def remember_reach(self, change: Reached) -> Reached:
        if self.interruptions:
            self.interruptions.pop(0)()
        if change.reach.version != self.now.version:
            raise Conflict(f"the reach has moved on from version {change.reach.version}")
        for incident in change.incidents:
            known = self.incidents.get((incident.service, incident.number))
            if incident.version != (known.version if known is not None else 0):
                raise Conflict(f"incident {incident.id} has moved on from version {incident.version}")
        written = tuple(replace(incident, version=incident.version + 1) for incident in change.incidents)
        self.incidents |= {(incident.service, incident.number): incident for incident in written}
        self.notices += change.notices
        self.now = replace(change.reach, version=change.reach.version + 1)
        return replace(change, reach=self.now, incidents=written)
