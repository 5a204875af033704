"""What Stashboard's API answers with: each thing as the ``rest`` methods of its last release (1.5.1) gave it."""

from __future__ import annotations

from typing import TypedDict

from defib.core.frozen import dataclass
from defib.stashboard.dates import stamp
from defib.stashboard.icons import ICONS
from defib.stashboard.model import Board, BoardService, Event, ServiceList, Status


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things are found, each without a slash at its end."""

    api: str
    """The mount that was asked, as ``https://host/api/v1``."""
    page: str
    """The status page's own address: its icons lie there."""


class ListShape(TypedDict):
    name: str
    id: str
    description: str
    url: str


class StatusShape(TypedDict):
    default: bool
    name: str
    id: str
    description: str
    url: str
    image: str
    level: str


class EventShape(TypedDict):
    sid: str
    timestamp: str
    status: StatusShape
    message: str
    url: str
    informational: bool


ServiceShape = TypedDict(
    "ServiceShape",
    {
        "name": str,
        "id": str,
        "description": str,
        "url": str,
        "current-event": EventShape | None,
        "list": ListShape | None,
    },
)


class ImageShape(TypedDict):
    url: str
    icon_set: str
    name: str


def list_shape(found: ServiceList, at: Addresses) -> ListShape:
    return {
        "name": found.name,
        "id": found.slug,
        "description": found.description,
        "url": f"{at.api}/service-lists/{found.slug}",
    }


def status_shape(status: Status, at: Addresses) -> StatusShape:
    return {
        "default": status.default,
        "name": status.name,
        "id": status.slug,
        "description": status.description,
        "url": f"{at.api}/statuses/{status.slug}",
        "image": f"{at.page}/{ICONS[status.image].path}",
        "level": status.level.value,
    }


def event_shape(event: Event, status: Status, at: Addresses) -> EventShape:
    return {
        "sid": event.sid,
        "timestamp": stamp(event.at),
        "status": status_shape(status, at),
        "message": event.message,
        "url": f"{at.api}/services/{event.service}/events/{event.sid}",
        "informational": event.informational,
    }


def service_shape(
    service: BoardService, board: Board, current: tuple[Event, Status] | None, at: Addresses
) -> ServiceShape:
    found = board.list_of(service.list)
    return {
        "name": service.name,
        "id": service.slug,
        "description": service.description,
        "url": f"{at.api}/services/{service.slug}",
        "current-event": event_shape(*current, at) if current is not None else None,
        "list": list_shape(found, at) if found is not None else None,
    }


def image_shapes(at: Addresses) -> list[ImageShape]:
    return [{"url": f"{at.page}/{i.path}", "icon_set": i.icon_set, "name": i.name} for i in ICONS.values()]
