"""Another Stashboard: Defib's own answers to its API, over a board in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from defib.core.page.model import PublicIncident, Shown
from defib.core.parse import parse
from defib.shell.store import Conflict
from defib.stashboard.model import Board, BoardService, Event
from defib.stashboard.oauth import Credentials, Nonce, Signed
from defib.stashboard.router import Answering, answer
from defib.stashboard.store import Change
from sim.elsewhere.server import Said, Server
from sim.internet import Failure, Request, Response

POLICY = """
[defib]
opt_in_tag = "self-heal=true"
[services.own]
match = { service = "own" }
"""
STANDS = {"up": "operational", "warning": "degraded_performance", "down": "major_outage"}


@dataclass
class Kept:
    """What is remembered there."""

    board_now: Board = field(default_factory=Board)
    page: Shown = field(default_factory=Shown)
    kept: list[Event] = field(default_factory=list)
    public: dict[int, PublicIncident] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)

    def board(self) -> Board:
        return self.board_now

    def shown(self) -> Shown:
        return self.page

    def incidents(self, most: int) -> Sequence[PublicIncident]:
        return sorted(self.public.values(), key=lambda incident: -incident.number)[:most]

    def public_incident(self, number: int) -> PublicIncident | None:
        return self.public.get(number)

    def events(self, service: BoardService, _: int) -> Iterator[Event]:
        of_it = (e for e in self.kept if (e.service, e.service_born) == (service.slug, service.born))
        yield from sorted((event for event in of_it if not event.deleted), key=lambda event: -event.number)

    def event(self, service: BoardService, sid: str) -> Event | None:
        return next((event for event in self.events(service, 1) if event.sid == sid), None)

    def remember_board(self, change: Change) -> None:
        if change.board.version != self.board_now.version:
            raise Conflict("the board has moved on")
        self.board_now = replace(change.board, version=change.board.version + 1)
        if change.page is not None:
            self.page = change.page.shown
            self.public |= {incident.number: incident for incident in change.page.changed}
        if change.event is not None:
            self.kept.append(change.event)

    def first_use(self, nonce: Nonce) -> bool:
        known = nonce.key in self.nonces
        self.nonces.add(nonce.key)
        return not known


@dataclass
class Now:
    """The time of the request that is being answered."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class StashboardServer(Server):
    """One board with its services."""

    def __init__(self, credentials: Credentials, services: Iterable[str], born: datetime) -> None:
        super().__init__()
        self._clock = Now(born)
        self._kept = Kept()
        self._edges = Answering(self._clock, self._kept, lambda: credentials, "https://board.example.com")
        self._policy = parse(POLICY)
        names = tuple(services)
        made = tuple(BoardService(name, name, name, "", number) for number, name in enumerate(names, 1))
        self._kept.board_now = replace(self._kept.board_now, services=made, last_number=len(made))
        self.stands = dict.fromkeys(names, "operational")

    def answer(self, request: Request) -> Response | Failure:
        self.requests.append(request)
        self._clock.at = request.at
        known = len(self._kept.kept)
        # The port is the client's own affair: it signs what it calls.
        url = f"{request.scheme}://{request.headers['host']}{request.target}"
        found = answer(Signed(request.method, url, request.headers, request.body), self._edges, self._policy)
        for event in self._kept.kept[known:]:
            self.said.append(Said(event.service, "", event.message))
            if not event.informational:
                self.stands[event.service] = STANDS[event.status]
        return Response(found.code, found.body.encode(), {"Content-Type": found.content_type})
