"""The table in memory. It passes the same contract suite as the table in DynamoDB (tests/aws/test_store.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from defib.core.audit import Entry
from defib.core.case import Case
from defib.core.incident import Incident, Notice
from defib.shell.ports import Conflict, Remembered


@dataclass
class FakeStore:
    """``cases``, ``incidents`` and ``notices`` hold the newest version of each; ``audit`` its trail."""

    cases: dict[tuple[str, int], Case] = field(default_factory=dict)
    incidents: dict[tuple[str, int], Incident] = field(default_factory=dict)
    notices: dict[tuple[str, int], Notice] = field(default_factory=dict)
    published: dict[tuple[str, int], datetime] = field(default_factory=dict)
    audit: list[Entry] = field(default_factory=list)
    interruptions: list[Callable[[], None]] = field(default_factory=list)
    """Each runs once, just before a ``remember``: a rival's write, or a raised error."""

    def latest_case(self, instance_id: str) -> Case | None:
        mine = [case for case in self.cases.values() if case.instance_id == instance_id]
        return max(mine, key=lambda case: case.number, default=None)

    def latest_incident(self, service: str) -> Incident | None:
        mine = [incident for incident in self.incidents.values() if incident.service == service]
        return max(mine, key=lambda incident: incident.number, default=None)

    def remember(self, change: Remembered) -> Remembered:
        if self.interruptions:
            self.interruptions.pop(0)()
        case, incident = change.case, change.incident
        self._require(case.version, self.cases.get((case.instance_id, case.number)), case.id)
        if incident is not None:
            self._require(incident.version, self.incidents.get((incident.service, incident.number)), incident.id)
        for notice in change.notices:
            if (notice.incident_id, notice.sequence) in self.notices:
                raise Conflict(f"notice {notice.incident_id}-{notice.sequence} exists")
        written = replace(case, version=case.version + 1)
        self.cases[case.instance_id, case.number] = written
        if change.audit is not None:
            self.audit.append(change.audit)
        if incident is not None:
            incident = replace(incident, version=incident.version + 1)
            self.incidents[incident.service, incident.number] = incident
        self.notices |= {(notice.incident_id, notice.sequence): notice for notice in change.notices}
        return replace(change, case=written, incident=incident)

    def _require(self, version: int, stored: Case | Incident | None, name: str) -> None:
        if version != (stored.version if stored is not None else 0):
            raise Conflict(f"{name} has moved on from version {version}")

    def due_instances(self, now: datetime, limit: int) -> Sequence[str]:
        due = sorted(
            (case.look_again_at, case.instance_id)
            for case in self.cases.values()
            if case.closed_at is None and case.look_again_at is not None and case.look_again_at <= now
        )
        return [instance_id for _, instance_id in due[:limit]]

    def unpublished_notices(self, before: datetime, limit: int) -> Sequence[Notice]:
        waiting = (n for key, n in self.notices.items() if key not in self.published and n.at < before)
        return sorted(waiting, key=lambda notice: (notice.at, notice.sequence))[:limit]

    def notice(self, incident_id: str, sequence: int) -> Notice | None:
        return self.notices.get((incident_id, sequence))

    def published_at(self, incident_id: str, sequence: int) -> datetime | None:
        return self.published.get((incident_id, sequence))

    def mark_published(self, incident_id: str, sequence: int, at: datetime) -> None:
        if (incident_id, sequence) not in self.notices:
            raise Conflict(f"there is no notice {incident_id}-{sequence}")
        self.published.setdefault((incident_id, sequence), at)
