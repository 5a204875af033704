"""One request to the API, read: what the answers need to know of it, and how they refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice

from defib.core.frozen import dataclass
from defib.core.page.model import PublicIncident
from defib.core.policy import Policy
from defib.stashboard.model import Board, BoardService, Event, ServiceList, Status, services
from defib.stashboard.shapes import Addresses
from defib.stashboard.store import EVENTS_MOST, BoardStore, Change
from defib.stashboard.told import FIRST, by_age, told

FEW = 3
"""Events that are read where only the newest counts: it is seldom deleted, and then the next is there."""


class Refused(Exception):
    """The answer is an error of this HTTP status. An empty message is left out, as Stashboard does."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Written:
    """What a write changes, and what it answers with."""

    answer: object
    change: Change | None = None
    code: int = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The request and what it is about."""

    parameters: Mapping[str, str]
    """Of the query and the form; the first of each name counts, the query's before the form's."""
    slugs: tuple[str, ...]
    """What stands in the path where a name is expected."""
    at: Addresses
    board: Board
    store: BoardStore
    incidents: Callable[[], Sequence[PublicIncident]]
    """The newest that are public; read once, and only when somebody wants to know."""
    policy: Policy
    now: datetime

    def service(self, missing: str = "Service {} not found") -> BoardService:
        """Raises Refused."""
        found = next((s for s in services(self.board, self.policy) if s.slug == self.slugs[0]), None)
        if found is None:
            raise Refused(404, missing.format(self.slugs[0]))
        return found

    def status(self, missing: str = "No status with the slug {} found") -> Status:
        """Raises Refused."""
        found = self.board.status(self.slugs[0])
        if found is None:
            raise Refused(404, missing.format(self.slugs[0]))
        return found

    def service_list(self, missing: str = "List {} does not exist") -> ServiceList:
        """Raises Refused."""
        found = self.board.list_of(self.slugs[0])
        if found is None:
            raise Refused(404, missing.format(self.slugs[0]))
        return found

    def events(self, service: BoardService, first: int = FEW) -> Iterator[tuple[Event, Status]]:
        """The newest that were posted, and Defib's own, the newest first, each with its status.

        ``first`` says how many are surely wanted.
        """
        ours = told(service, self.board, self.incidents())
        return islice(merge(self._posted(service, first), ours, key=by_age, reverse=True), EVENTS_MOST)

    def _posted(self, service: BoardService, first: int) -> Iterator[tuple[Event, Status]]:
        """Those whose status was deleted are gone."""
        for event in self.store.events(service, first):
            status = self.board.status_of(event)
            if status is not None:
                yield event, status

    def current(self, service: BoardService) -> tuple[Event, Status] | None:
        return next(self.events(service), None)

    def event(self, service: BoardService) -> tuple[Event, Status]:
        """The one whose sid stands second in the path. Raises Refused."""
        sid = self.slugs[1]
        if not (sid.isascii() and sid.isdigit()):
            raise Refused(404, f"Event {sid} not found")
        if len(sid) < len(str(FIRST)):
            event = self.store.event(service, sid)
            status = self.board.status_of(event) if event is not None else None
            found = (event, status) if event is not None and status is not None else None
        else:
            found = next((pair for pair in told(service, self.board, self.incidents()) if pair[0].sid == sid), None)
        if found is None:
            raise Refused(404, f"No event for Service {service.slug} with sid = {sid}")
        return found
