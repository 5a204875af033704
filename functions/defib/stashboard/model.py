"""What Stashboard's API keeps besides the page: statuses, lists, services that were added, and events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from defib.core.frozen import dataclass, replace
from defib.core.page.model import ComponentStatus
from defib.core.policy import Policy
from defib.stashboard.icons import ICONS, Shape


class Level(StrEnum):
    """How bad a status is. Deprecated by Stashboard itself: nobody can set it through the API."""

    NORMAL = "NORMAL"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


SEVERITIES = {30: Level.WARNING, 40: Level.ERROR, 50: Level.CRITICAL}
"""Stashboard's hidden numbers; any other is NORMAL."""
NORMAL = 10

BY_SLUG = {
    "up": ComponentStatus.OPERATIONAL,
    "warning": ComponentStatus.DEGRADED,
    "down": ComponentStatus.MAJOR_OUTAGE,
}
BY_LEVEL = {
    Level.WARNING: ComponentStatus.DEGRADED,
    Level.ERROR: ComponentStatus.PARTIAL_OUTAGE,
    Level.CRITICAL: ComponentStatus.MAJOR_OUTAGE,
}
BY_ICON = {
    Shape.EXCLAMATION: ComponentStatus.DEGRADED,
    Shape.CROSS: ComponentStatus.MAJOR_OUTAGE,
}
"""A status made through the API is always NORMAL, so its icon is all that says how it is meant."""


@dataclass(frozen=True, slots=True)
class Status:
    """One possible state of a service."""

    slug: str
    name: str
    description: str
    image: str
    """An icon's name."""
    default: bool = False
    severity: int = NORMAL
    born: int = 0
    """Tells it from a deleted one of the same slug, whose events are gone with it."""

    @property
    def level(self) -> Level:
        return SEVERITIES.get(self.severity, Level.NORMAL)

    @property
    def means(self) -> ComponentStatus:
        """What the page shows while a service has it."""
        if self.default or self.slug in BY_SLUG:
            return ComponentStatus.OPERATIONAL if self.default else BY_SLUG[self.slug]
        return BY_LEVEL.get(self.level, BY_ICON.get(ICONS[self.image].shape, ComponentStatus.OPERATIONAL))


DEFAULTS = (
    Status("down", "Down", "The service is currently down", "cross-circle"),
    Status("up", "Up", "The service is up", "tick-circle", default=True),
    Status("warning", "Warning", "The service is experiencing intermittent problems", "exclamation"),
)
"""What Stashboard installs. Their severities are NORMAL too: its own API says so."""


@dataclass(frozen=True, slots=True)
class ServiceList:
    """A heading under which services stand."""

    slug: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class BoardService:
    """A service as Stashboard's API knows it: one of the policy's, or one that was added."""

    slug: str
    name: str
    description: str
    list: str = ""
    """The slug of its list; empty for none."""
    born: int = 0
    """Tells it from a deleted one of the same slug."""
    added: bool = True
    """Through the API: the policy does not name it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message about one service."""

    number: int
    service: str
    service_born: int
    status: str
    status_born: int
    message: str
    at: datetime
    informational: bool = False
    deleted: bool = False

    @property
    def sid(self) -> str:
        return f"{self.number:08d}"


@dataclass(frozen=True, slots=True)
class Board:
    """All but the events. A value: every change makes a new one."""

    version: int = 0
    """0 until stored; each write requires the version it read."""
    last_number: int = 0
    """Of the newest thing that was numbered: an event, a status, a service."""
    statuses: tuple[Status, ...] = DEFAULTS
    lists: tuple[ServiceList, ...] = ()
    services: tuple[BoardService, ...] = ()
    """Those that were added, in no order."""
    linked: Mapping[str, str] = field(default_factory=dict)
    """By name, the list of each service of the policy that stands in one."""

    def status(self, slug: str) -> Status | None:
        return next((status for status in self.statuses if status.slug == slug), None)

    def list_of(self, slug: str) -> ServiceList | None:
        return next((found for found in self.lists if found.slug == slug), None)

    @property
    def default(self) -> Status | None:
        return next((status for status in self.statuses if status.default), None)

    def status_of(self, event: Event) -> Status | None:
        """None once its status was deleted, and the event with it."""
        status = self.status(event.status)
        return status if status is not None and status.born == event.status_born else None

    def numbered(self) -> Board:
        """With one number more, which is then the newest's."""
        return replace(self, last_number=self.last_number + 1)

    def with_status(self, status: Status) -> Board:
        """A new default takes that from the others."""
        others = (s for s in self.statuses if s.slug != status.slug)
        kept = tuple(replace(s, default=s.default and not status.default) for s in others)
        return replace(self, statuses=(*kept, status))

    def with_service(self, service: BoardService) -> Board:
        if not service.added:
            return replace(self, linked={**self.linked, service.slug: service.list})
        return replace(self, services=(*(s for s in self.services if s.slug != service.slug), service))

    def without_list(self, slug: str) -> Board:
        """Its services stand in none from then on."""
        return replace(
            self,
            lists=tuple(found for found in self.lists if found.slug != slug),
            services=tuple(replace(s, list="" if s.list == slug else s.list) for s in self.services),
            linked={name: found for name, found in self.linked.items() if found != slug},
        )


def services(board: Board, policy: Policy) -> tuple[BoardService, ...]:
    """All services by name. One of the policy hides one that was added under its name before."""
    ours = [
        BoardService(s.name, s.page.title, s.page.description, board.linked.get(s.name, ""), added=False)
        for s in policy.services
        if s.page.title
    ]
    names = {service.slug for service in ours}
    return tuple(sorted([*ours, *(s for s in board.services if s.slug not in names)], key=lambda s: s.name))


def slugify(name: str) -> str:
    """Stashboard's: blanks, full stops and underscores become hyphens, what is neither letter nor digit goes."""
    return re.sub(r"[^\w-]", "", re.sub(r"[\s._]+", "-", name.strip()), flags=re.ASCII).lower()
