"""Where Stashboard's own things are kept, as the answers need it; kept alike by the table and by a fake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from defib.core.frozen import dataclass
from defib.core.page.model import PublicIncident, Shown
from defib.shell.page import Repaged
from defib.stashboard.model import Board, BoardService, Event
from defib.stashboard.oauth import Nonce

EVENTS_MOST = 100
"""Of a service, the newest that are read to answer anybody; older ones are read by their sid alone."""


@dataclass(frozen=True, slots=True)
class Change:
    """One atomic write: of the board, of an event of it, and of what the page shows because of it."""

    board: Board
    event: Event | None = None
    """A new one, or one that was deleted."""
    page: Repaged | None = None


class BoardStore(Protocol):
    """What is remembered. All reads are strongly consistent. Raises Transient or Rejected."""

    def board(self) -> Board: ...

    def shown(self) -> Shown: ...

    def incidents(self, most: int) -> Sequence[PublicIncident]:
        """The newest of the page first; no drafts."""
        ...

    def public_incident(self, number: int) -> PublicIncident | None:
        """Of the page, of that number."""
        ...

    def events(self, service: BoardService, first: int, /) -> Iterator[Event]:
        """Of the service's newest EVENTS_MOST those that were not deleted, the newest first.

        Only the ``first`` are read, and the rest when somebody wants more.
        """
        ...

    def event(self, service: BoardService, sid: str) -> Event | None:
        """The one of the service that has this sid; None for one that was deleted."""
        ...

    def remember_board(self, change: Change) -> None:
        """Write all or nothing. Raises Conflict when others wrote first."""
        ...

    def first_use(self, nonce: Nonce) -> bool:
        """Remember that it was used; False when it had been before. Of two at once only one is the first."""
        ...
