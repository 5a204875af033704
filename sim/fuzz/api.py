"""The Stashboard API in memory: Defib's own, over the board beside the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from defib.core.page.model import PublicIncident, Shown
from defib.core.policy import Policy
from defib.shell.ports import CallFailed, Clock
from defib.shell.store import Conflict
from defib.stashboard.model import Board, BoardService, Event
from defib.stashboard.oauth import Credentials, Nonce, Signed
from defib.stashboard.router import Answering, answer
from defib.stashboard.store import Change
from sim.fuzz.onward import Queues
from sim.fuzz.outside import Outside
from sim.internet import Request, Response
from sim.memory.board import FakeBoardStore

HERE = "https://status.example.com"
CREDENTIALS = Credentials("made-up", "made-up-secret-0003", "operator", "made-up-secret-0004")
MOUNT = "/admin/api/v1/"
READS = "/api/v1/"
UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Answered:
    """One request, and what came of it."""

    method: str
    path: str
    """Below the API's mount, without a query."""
    form: str
    """As it was sent."""
    code: int
    """503 also where the process died: whoever asks can't tell whether anything was done."""
    body: str


class BoardTable:
    """``stashboard.store.BoardStore``."""

    def __init__(self, store: FakeBoardStore, outside: Outside) -> None:
        self._store = store
        self._out = outside

    def board(self) -> Board:
        return self._out.call("table.read", self._store.board)

    def shown(self) -> Shown:
        return self._out.call("table.read", self._store.shown)

    def incidents(self, most: int) -> Sequence[PublicIncident]:
        return self._out.call("table.read", self._store.incidents, most)

    def public_incident(self, number: int) -> PublicIncident | None:
        return self._out.call("table.read", self._store.public_incident, number)

    def events(self, service: BoardService, first: int) -> Iterator[Event]:
        yield from self._out.call("table.read", lambda: list(self._store.events(service, first)))

    def event(self, service: BoardService, sid: str) -> Event | None:
        return self._out.call("table.read", self._store.event, service, sid)

    def remember_board(self, change: Change) -> None:
        self._out.call("table.write", self._store.remember_board, change)

    def first_use(self, nonce: Nonce) -> bool:
        return self._out.call("table.write", self._store.first_use, nonce)


class Api:
    """As handlers/stashboard.py has it."""

    def __init__(
        self,
        policy: Policy,
        clock: Clock,
        store: FakeBoardStore,
        queues: Queues,
        outside: Outside,
        heard: Callable[[Answered], None],
    ) -> None:
        """``heard`` hears of each request once it is answered, or is not."""
        self.policy = policy
        self._queues = queues
        self._heard = heard
        self._requests = 0
        self._answering = Answering(clock, BoardTable(store, outside), lambda: CREDENTIALS, HERE)

    def answer(self, request: Request) -> Response:
        """Raises Killed where the process dies."""
        self._requests += 1
        signed = Signed(request.method, f"{HERE}{request.target}", request.headers, request.body)
        code, body = UNAVAILABLE, ""
        try:
            found = answer(signed, self._answering, self.policy)
            if found.wrote:
                with suppress(CallFailed):
                    self._queues.follow(f"stashboard-{self._requests}")
            code, body = found.code, found.body
            return Response(code, body.encode(), {"Content-Type": found.content_type})
        except (CallFailed, Conflict):
            return Response(UNAVAILABLE, b"")
        finally:
            path = request.target.removeprefix(MOUNT).partition("?")[0]
            self._heard(Answered(request.method, path, (request.body or b"").decode(), code, body))


def told(policy: Policy, clock: Clock, store: FakeBoardStore, path: str) -> Any:
    """What the API tells anybody of that path, whatever befalls the machinery."""
    found = answer(
        Signed("GET", f"{HERE}{READS}{path}", {}), Answering(clock, store, lambda: CREDENTIALS, HERE), policy
    )
    return json.loads(found.body)
