"""What is remembered, and in which writes. ``aws/store.py`` keeps it in DynamoDB; tests and replays in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from defib.core.audit import CallEntry, Entry
from defib.core.case import Case
from defib.core.frozen import dataclass
from defib.core.incident import Incident, Notice
from defib.core.rationing import PlannedLook
from defib.core.stack import Stack
from defib.shell.ports import CallFailed


class Conflict(Exception):
    """Someone else wrote first: read again and decide again."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One atomic write: the case, its incident, the notices that follow, and the line for the case's audit."""

    case: Case
    incident: Incident | None = None
    """None when the incident has not changed."""
    notices: tuple[Notice, ...] = ()
    audit: Entry | None = None
    """None when only the time of the next look has moved."""
    stack: Stack | None = None
    """None when nothing changes for the whole stack."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One atomic write of what a sweep has seen of the whole stack, with what people are told of it."""

    stack: Stack
    incident: Incident | None = None
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """One atomic write of an incident whose call has got louder, or has been answered, and what people are told."""

    incident: Incident
    notice: Notice
    audit: CallEntry | None = None
    """The answer, if it is one."""


Unread = Callable[[CallFailed], None]
"""Hears of each of many that can't be read: it hides no other. Without it the first one is raised."""


class Store(Protocol):
    """What is remembered: one table."""

    def latest_case(self, instance_id: str) -> Case | None:
        """The instance's newest case, open or closed; strongly consistent."""
        ...

    def latest_incident(self, service: str) -> Incident | None:
        """The service's newest incident, open or resolved; strongly consistent."""
        ...

    def remember(self, change: Remembered) -> Remembered:
        """Write all or nothing and return it with the new versions.

        Raises Conflict unless case, incident and stack still have the version they were read with (0: not there yet).
        """
        ...

    def stack(self) -> Stack:
        """What holds for the whole stack; strongly consistent."""
        ...

    def remember_stack(self, change: Surveyed) -> Surveyed:
        """Write all or nothing and return it with the new versions. Raises Conflict as ``remember`` does."""
        ...

    def remember_call(self, change: Called) -> Called:
        """Write all or nothing and return it with the new version. Raises Conflict as ``remember`` does."""
        ...

    def due_calls(self, now: datetime, limit: int, unread: Unread | None = None) -> Sequence[Incident]:
        """Incidents whose call is due, longest overdue first."""
        ...

    def due_contacts(self, until: datetime, limit: int) -> Mapping[str, datetime]:
        """By contact, when what waits for it is due, of those due by ``until``; the longest overdue first."""
        ...

    def due_instances(self, now: datetime, limit: int) -> Sequence[str]:
        """Instances with an open case whose time to look again has come, longest overdue first."""
        ...

    def planned_looks(self, now: datetime, until: datetime) -> Mapping[str, PlannedLook]:
        """By instance, the next look of its open case, of those that come between ``now`` and ``until``."""
        ...

    def unpublished_notices(self, before: datetime, limit: int, unread: Unread | None = None) -> Sequence[Notice]:
        """Notices made before ``before`` that have not gone out, oldest first.

        Of more than ``limit`` the oldest and the newest: what one contact can't be told for days hides no other's.
        """
        ...

    def notice(self, incident_id: str, sequence: int) -> Notice | None: ...

    def published_at(self, incident_id: str, sequence: int) -> datetime | None:
        """When the notice went out, or None."""
        ...

    def mark_published(self, incident_id: str, sequence: int, at: datetime) -> None: ...
