"""What Stashboard's API tells to anybody."""

from __future__ import annotations

from datetime import datetime

from defib.stashboard.asked import Asked, Refused
from defib.stashboard.dates import InvalidDate, moment
from defib.stashboard.model import Level, services
from defib.stashboard.shapes import (
    EventShape,
    ListShape,
    ServiceShape,
    StatusShape,
    event_shape,
    image_shapes,
    list_shape,
    service_shape,
    status_shape,
)
from defib.stashboard.store import EVENTS_MOST


def all_services(asked: Asked) -> object:
    found = services(asked.board, asked.policy)
    return {"services": [service_shape(s, asked.board, asked.current(s), asked.at) for s in found]}


def one_service(asked: Asked) -> ServiceShape:
    service = asked.service("Service {} does not exist")
    return service_shape(service, asked.board, asked.current(service), asked.at)


def all_events(asked: Asked) -> object:
    service = asked.service()
    start, end = (_date(asked, name) for name in ("start", "end"))
    found = (
        event_shape(event, status, asked.at)
        for event, status in asked.events(service, EVENTS_MOST)
        if (start is None or event.at >= start) and (end is None or event.at <= end)
    )
    return {"events": list(found)}


def current_event(asked: Asked) -> EventShape:
    service = asked.service()
    current = asked.current(service)
    if current is None:
        raise Refused(404, f"No current event for Service {service.slug}")
    return event_shape(*current, asked.at)


def one_event(asked: Asked) -> EventShape:
    return event_shape(*asked.event(asked.service()), asked.at)


def all_statuses(asked: Asked) -> object:
    found = sorted(asked.board.statuses, key=lambda status: status.name)
    return {"statuses": [status_shape(status, asked.at) for status in found]}


def one_status(asked: Asked) -> StatusShape:
    return status_shape(asked.status(), asked.at)


def all_lists(asked: Asked) -> object:
    found = sorted(asked.board.lists, key=lambda entry: entry.name)
    return {"lists": [list_shape(entry, asked.at) for entry in found]}


def one_list(asked: Asked) -> ListShape:
    return list_shape(asked.service_list(), asked.at)


def levels(_: Asked) -> object:
    return {"levels": [level.value for level in Level]}


def images(asked: Asked) -> object:
    return {"images": image_shapes(asked.at)}


def _date(asked: Asked, name: str) -> datetime | None:
    written = asked.parameters.get(name)
    if not written:
        return None
    try:
        return moment(written, asked.now)
    except InvalidDate as error:
        raise Refused(400, f"Invalid Date: {written}") from error
