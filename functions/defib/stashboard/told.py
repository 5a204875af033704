"""What Defib itself has made public, as events of Stashboard's: clients that only read hear of every outage, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from defib.core.page.model import ComponentStatus, Origin, PublicIncident
from defib.stashboard.model import Board, BoardService, Event, Status

FIRST = 10**10
"""Numbers from here on are of events that nobody posted: an incident's number and its update's, side by side."""
UPDATES_MOST = 10**4
MEANT_BY = {
    ComponentStatus.DEGRADED: "warning",
    ComponentStatus.PARTIAL_OUTAGE: "down",
    ComponentStatus.MAJOR_OUTAGE: "down",
}
"""Stashboard's own statuses; whatever else a component may be is up."""


def told(service: BoardService, board: Board, incidents: Sequence[PublicIncident]) -> Iterator[tuple[Event, Status]]:
    """Every update about the service, the newest first; none whose status was deleted, as with posted events."""
    ours = [incident for incident in incidents if incident.origin is Origin.DEFIB and not service.added]
    found = [pair for incident in ours for pair in _of(incident, service, board)]
    yield from sorted(found, key=by_age, reverse=True)


def by_age(pair: tuple[Event, Status]) -> tuple[datetime, int]:
    """The order of events, the oldest first; of one moment's, those that were posted before Defib's own."""
    return pair[0].at, pair[0].number


def was_posted(event: Event) -> bool:
    return event.number < FIRST


def _status(board: Board, stands: ComponentStatus) -> Status | None:
    slug = MEANT_BY.get(stands)
    return board.default if slug is None else board.status(slug)


def _of(incident: PublicIncident, service: BoardService, board: Board) -> Iterator[tuple[Event, Status]]:
    for update in incident.updates:
        affected = next((a for a in update.affected if a.key == service.slug), None)
        status = _status(board, affected.new) if affected is not None else None
        if affected is not None and status is not None:
            number = FIRST + incident.number * UPDATES_MOST + update.sequence
            goes_on = affected.old is affected.new
            ids = (service.slug, service.born, status.slug, status.born)
            yield Event(number, *ids, update.body, update.at, informational=goes_on), status
