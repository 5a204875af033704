"""What Stashboard's API answers with: each thing as its ``rest`` methods gave it, field by field."""

from __future__ import annotations

from typing import TypedDict

from defib.stashboard.dates import stamp
from defib.stashboard.model import Board, BoardService, Event, ServiceList, Status

FUGUE = ("cross-circle", "exclamation", "information", "tick-circle")
ICONIC = ("information", "plus_alt", "x_alt")
ICONS = (*(("fugue", name) for name in FUGUE), *(("iconic", name) for name in ICONIC))
"""Stashboard's own, by icon set, as far as its repository tells their names: the default statuses' among them."""


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


def list_shape(found: ServiceList, base: str) -> ListShape:
    """``base`` is the address of the mount that was asked, as ``https://host/api/v1``."""
    return {
        "name": found.name,
        "id": found.slug,
        "description": found.description,
        "url": f"{base}/service-lists/{found.slug}",
    }


def status_shape(status: Status, base: str) -> StatusShape:
    return {
        "default": status.default,
        "name": status.name,
        "id": status.slug,
        "description": status.description,
        "url": f"{base}/statuses/{status.slug}",
        "image": image_url(status.image, base),
        "level": status.level.value,
    }


def event_shape(event: Event, status: Status, base: str) -> EventShape:
    return {
        "sid": event.sid,
        "timestamp": stamp(event.at),
        "status": status_shape(status, base),
        "message": event.message,
        "url": f"{base}/services/{event.service}/events/{event.sid}",
        "informational": event.informational,
    }


def service_shape(service: BoardService, board: Board, current: tuple[Event, Status] | None, base: str) -> ServiceShape:
    found = board.list_of(service.list)
    return {
        "name": service.name,
        "id": service.slug,
        "description": service.description,
        "url": f"{base}/services/{service.slug}",
        "current-event": event_shape(*current, base) if current is not None else None,
        "list": list_shape(found, base) if found is not None else None,
    }


def image_shapes(base: str) -> list[ImageShape]:
    return [{"url": _icon(icons, name, base), "icon_set": icons, "name": name} for icons, name in ICONS]


def image_url(name: str, base: str) -> str:
    icons = next((icons for icons, known in ICONS if known == name), "fugue")
    return _icon(icons, name, base)


def _icon(icons: str, name: str, base: str) -> str:
    host = "/".join(base.split("/")[:3])
    return f"{host}/images/icons/{icons}/{name}.png"
