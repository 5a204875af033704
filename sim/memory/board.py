"""Stashboard's own things in memory: it passes the same contract suite as the table (tests/aws/test_board_store.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from defib.core.page.model import PublicIncident, Shown
from defib.shell.store import Conflict
from defib.stashboard.model import Board, BoardService, Event
from defib.stashboard.oauth import Nonce
from defib.stashboard.store import EVENTS_MOST, Change
from sim.memory.page import FakePageStore


@dataclass
class FakeBoardStore:
    """What is remembered of the board; the page beside it is its own fake."""

    page: FakePageStore = field(default_factory=FakePageStore)
    now: Board = field(default_factory=Board)
    kept: dict[int, Event] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    interruptions: list[Callable[[], None]] = field(default_factory=list)
    """Each runs once, just before a ``remember_board``: a rival's write, or a raised error."""

    def board(self) -> Board:
        return self.now

    def shown(self) -> Shown:
        return self.page.shown()

    def incidents(self, most: int) -> Sequence[PublicIncident]:
        return self.page.public_incidents(most)

    def public_incident(self, number: int) -> PublicIncident | None:
        return self.page.public_incident(number)

    def events(self, service: BoardService, _: int) -> Iterator[Event]:
        newest = sorted(self._of(service), key=lambda e: -e.number)[:EVENTS_MOST]
        yield from (event for event in newest if not event.deleted)

    def event(self, service: BoardService, sid: str) -> Event | None:
        return next((event for event in self._of(service) if event.sid == sid and not event.deleted), None)

    def _of(self, service: BoardService) -> Iterator[Event]:
        return (e for e in self.kept.values() if (e.service, e.service_born) == (service.slug, service.born))

    def remember_board(self, change: Change) -> None:
        if self.interruptions:
            self.interruptions.pop(0)()
        if change.board.version != self.now.version:
            raise Conflict(f"the board has moved on from version {change.board.version}")
        if change.page is not None:
            self.page.remember_page(change.page)
        self.now = replace(change.board, version=change.board.version + 1)
        if change.event is not None:
            self.kept[change.event.number] = change.event

    def first_use(self, nonce: Nonce) -> bool:
        known = nonce.key in self.nonces
        self.nonces.add(nonce.key)
        return not known
