"""What the shell needs of where contacts' outboxes are kept (``core/outbox.py``), and of the marks of who was told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox, Waiting


class Mail(Protocol):
    """What is remembered of what each contact got, and of what waits for them. All reads are strongly consistent."""

    def outbox(self, contact: str) -> Outbox:
        """An empty one of version 0 at first."""
        ...

    def remember_outbox(self, outbox: Outbox, waits: Waiting | None = None) -> Outbox:
        """Write all or nothing and return it with the next version.

        Raises Conflict unless it still has the version it was read with.
        """
        ...

    def waiting(self, contact: str, lane: Lane, most: int) -> Sequence[Waiting]:
        """What waits for the contact in the lane, oldest first."""
        ...

    def went_out(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        """Forget that these wait for ``media``; returns what still waits, for others."""
        ...

    def set_apart(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        """Have these wait for ``media`` apart (``core.outbox.apart``), where none of them is yet.

        Returns what still waits where it did, for others. Who dies on the way leaves them in both places.
        """
        ...

    def told(self, incident_id: str, sequence: int) -> frozenset[str]:
        """The marks of the notice."""
        ...

    def mark_told(self, incident_id: str, sequence: int, mark: str) -> None: ...
