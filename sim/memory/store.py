"""The table in memory. It passes the same contract suites as the table in DynamoDB (tests/aws/test_store*.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from defib.core.audit import CallEntry, Entry
from defib.core.case import Case
from defib.core.frozen import replace
from defib.core.incident import Incident, Notice
from defib.core.rationing import PlannedLook
from defib.core.stack import Stack
from defib.shell.store import Called, Conflict, Remembered, Surveyed, Unread


@dataclass
class FakeStore:
    """``cases``, ``incidents`` and ``notices`` hold the newest version of each; ``audit`` its trail."""

    cases: dict[tuple[str, int], Case] = field(default_factory=dict)
    incidents: dict[tuple[str, int], Incident] = field(default_factory=dict)
    notices: dict[tuple[str, int], Notice] = field(default_factory=dict)
    published: dict[tuple[str, int], datetime] = field(default_factory=dict)
    audit: list[Entry] = field(default_factory=list)
    answers: list[CallEntry] = field(default_factory=list)
    whole: Stack = field(default_factory=Stack)
    contacts_due: dict[str, datetime] = field(default_factory=dict)
    interruptions: list[Callable[[], None]] = field(default_factory=list)
    """Each runs once, just before a ``remember``: a rival's write, or a raised error."""

    def latest_case(self, instance_id: str) -> Case | None:
        return self.cases.get((instance_id, _newest(self.cases, instance_id)))

    def latest_incident(self, service: str) -> Incident | None:
        return self.incidents.get((service, _newest(self.incidents, service)))

    def remember(self, change: Remembered) -> Remembered:
        if self.interruptions:
            self.interruptions.pop(0)()
        case, incident = change.case, change.incident
        self._require(case, self.cases.get((case.instance_id, case.number)))
        if incident is not None:
            self._require(incident, self.incidents.get((incident.service, incident.number)))
        if change.stack is not None and change.stack.version != self.whole.version:
            raise Conflict(f"the stack has moved on from version {change.stack.version}")
        for notice in change.notices:
            self._require_unwritten(notice, incident)
        written = replace(case, version=case.version + 1)
        self.cases[case.instance_id, case.number] = written
        if change.audit is not None:
            self.audit.append(change.audit)
        if incident is not None:
            incident = replace(incident, version=incident.version + 1)
            self.incidents[incident.service, incident.number] = incident
        for notice in change.notices:
            self.notices[notice.incident_id, notice.sequence] = notice
            self.published.pop((notice.incident_id, notice.sequence), None)
        stack = change.stack
        if stack is not None:
            stack = self.whole = replace(stack, version=stack.version + 1)
        return Remembered(written, incident, change.notices, change.audit, stack)

    def stack(self) -> Stack:
        return self.whole

    def remember_stack(self, change: Surveyed) -> Surveyed:
        if self.interruptions:
            self.interruptions.pop(0)()
        stack, incident, notice = change.stack, change.incident, change.notice
        if stack.version != self.whole.version:
            raise Conflict(f"the stack has moved on from version {stack.version}")
        if incident is not None:
            self._require(incident, self.incidents.get((incident.service, incident.number)))
            incident = replace(incident, version=incident.version + 1)
            self.incidents[incident.service, incident.number] = incident
        if notice is not None:
            self.notices[notice.incident_id, notice.sequence] = notice
        self.whole = replace(stack, version=stack.version + 1)
        return replace(change, stack=self.whole, incident=incident)

    def remember_call(self, change: Called) -> Called:
        if self.interruptions:
            self.interruptions.pop(0)()
        incident, notice = change.incident, change.notice
        self._require(incident, self.incidents.get((incident.service, incident.number)))
        self._require_unwritten(notice, incident)
        incident = replace(incident, version=incident.version + 1)
        self.incidents[incident.service, incident.number] = incident
        self.notices[notice.incident_id, notice.sequence] = notice
        if change.audit is not None:
            self.answers.append(change.audit)
        return replace(change, incident=incident)

    def due_calls(self, now: datetime, limit: int, unread: Unread | None = None) -> Sequence[Incident]:  # noqa: ARG002
        due = [i for i in self.incidents.values() if i.call is not None and i.call.next_at <= now]
        return sorted(due, key=lambda i: i.call.next_at if i.call is not None else now)[:limit]

    def _require(self, read: Case | Incident, stored: Case | Incident | None) -> None:
        if read.version != (stored.version if stored is not None else 0):
            raise Conflict(f"{read.id} has moved on from version {read.version}")

    def _require_unwritten(self, notice: Notice, incident: Incident | None) -> None:
        kept = self.notices.get((notice.incident_id, notice.sequence))
        if kept is not None and (incident is None or kept.at >= incident.opened_at):
            raise Conflict(f"notice {notice.incident_id}-{notice.sequence} exists")

    def due_contacts(self, until: datetime, limit: int) -> Mapping[str, datetime]:
        due = sorted((at, name) for name, at in self.contacts_due.items() if at <= until)
        return {name: at for at, name in due[:limit]}

    def due_instances(self, now: datetime, limit: int) -> Sequence[str]:
        due = sorted(
            (case.look_again_at, case.instance_id)
            for case in self.cases.values()
            if case.closed_at is None and case.look_again_at is not None and case.look_again_at <= now
        )
        return [instance_id for _, instance_id in due[:limit]]

    def planned_looks(self, now: datetime, until: datetime) -> Mapping[str, PlannedLook]:
        return {
            case.instance_id: PlannedLook(at, case.cause)
            for case in self.cases.values()
            if case.closed_at is None and (at := case.look_again_at) is not None and now <= at <= until
        }

    def unpublished_notices(
        self,
        before: datetime,
        limit: int,
        unread: Unread | None = None,  # noqa: ARG002 - in memory all can be read
    ) -> Sequence[Notice]:
        if len(self.published) == len(self.notices):
            return []
        waiting = (n for key, n in self.notices.items() if key not in self.published and n.at < before)
        found = sorted(waiting, key=lambda notice: (notice.at, notice.sequence))
        return found if len(found) <= limit else found[: limit // 2] + found[limit // 2 - limit :]

    def notice(self, incident_id: str, sequence: int) -> Notice | None:
        return self.notices.get((incident_id, sequence))

    def published_at(self, incident_id: str, sequence: int) -> datetime | None:
        return self.published.get((incident_id, sequence))

    def mark_published(self, incident_id: str, sequence: int, at: datetime) -> None:
        if (incident_id, sequence) not in self.notices:
            raise Conflict(f"there is no notice {incident_id}-{sequence}")
        self.published.setdefault((incident_id, sequence), at)


def _newest(kept: Mapping[tuple[str, int], object], owner: str) -> int:
    """The highest number under ``owner``; they are given without a gap, by what makes them."""
    if (owner, 1) not in kept:
        return max((number for name, number in kept if name == owner), default=0)
    number = 1
    while (owner, number + 1) in kept:
        number += 1
    return number
