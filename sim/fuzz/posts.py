"""Programs that post on the page by the Stashboard API: they sign as Defib's own client does, and Defib answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.followed import About, Item
from defib.core.page.model import IMPACT_OF, ComponentStatus, IncidentStatus, PublicIncident, Shown
from defib.core.page.steps import Tell
from defib.core.page.words import words
from defib.core.policy import Policy
from defib.publish.channels.stashboard import Stashboard
from defib.shell.ports import CallFailed, Clock
from defib.shell.store import Conflict
from defib.stashboard.model import Board, BoardService, Event
from defib.stashboard.oauth import Credentials, Nonce, Signed
from defib.stashboard.router import Answering, answer
from defib.stashboard.store import Change
from sim.elsewhere.direct import Direct
from sim.fuzz.edges import Queues
from sim.fuzz.outside import Outside
from sim.fuzz.story import Posted
from sim.fuzz.trouble import Killed
from sim.internet import Request, Response
from sim.memory.board import FakeBoardStore
from sim.memory.page import FakePageStore

HERE = "https://status.example.com"
CREDENTIALS = Credentials("made-up", "made-up-secret-0003", "operator", "made-up-secret-0004")


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

    def events(self, service: BoardService) -> Iterator[Event]:
        yield from self._out.call("table.read", lambda: list(self._store.events(service)))

    def remember_board(self, change: Change) -> None:
        self._out.call("table.write", self._store.remember_board, change)

    def first_use(self, nonce: Nonce) -> bool:
        return self._out.call("table.write", self._store.first_use, nonce)


class Posters:
    """Whoever posts, and the API that answers."""

    def __init__(self, policy: Policy, clock: Clock, page: FakePageStore, queues: Queues, outside: Outside) -> None:
        self._policy = policy
        self._clock = clock
        self._queues = queues
        self._requests = 0
        table = BoardTable(FakeBoardStore(page), outside)
        self._answering = Answering(clock, table, lambda: CREDENTIALS, HERE)
        http = Direct(HERE, policy.calls, clock, self._answer)
        other = OtherPage("page", Kind.STASHBOARD, "defib/page", HERE)
        self._client = Stashboard(http, other, lambda: CREDENTIALS, clock, words(policy.page.language))

    def post(self, posted: Posted) -> None:
        """Say how a service stands, once: such a program does not ask before, and tries nothing again."""
        with suppress(CallFailed, Killed):
            self._client.tell(self._told(posted))

    def _told(self, posted: Posted) -> Tell:
        now, well = self._clock.now(), posted.status is ComponentStatus.OPERATIONAL
        return Tell(
            item=Item(About.INCIDENT, ""),
            mark="",
            name="",
            status=IncidentStatus.RESOLVED if well else IncidentStatus.INVESTIGATING,
            impact=IMPACT_OF[posted.status],
            body=f"{posted.on}: {posted.status}",
            at=now,
            began_at=now,
            concerned=(posted.on,),
            components={posted.on: posted.status},
            part=posted.on,
        )

    def _answer(self, request: Request) -> Response:
        """As handlers/stashboard.py does."""
        self._requests += 1
        signed = Signed(request.method, f"{HERE}{request.target}", request.headers, request.body)
        try:
            found = answer(signed, self._answering, self._policy)
            if found.wrote:
                self._queues.follow(f"stashboard-{self._requests}")
        except (CallFailed, Conflict):
            return Response(503, b"")
        return Response(found.code, found.body.encode(), {"Content-Type": found.content_type})
