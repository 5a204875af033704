"""Work in parts, each on its own: one that fails is named, and whoever did not answer is not asked again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, TypeVarTuple

from defib.shell.ports import CallFailed, Unanswered

THE_TABLE = "the table"
THE_QUEUES = "the queues"

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Parts:
    """Keeps what failed, by part. A party that has not answered once is left alone for the rest of the work.

    Each call has its deadlines, but many of them in a row would outlast the function that makes them.
    """

    def __init__(self) -> None:
        self._failed: dict[str, str] = {}
        self._silent: set[str] = set()

    def do(self, part: str, party: str, otherwise: T, work: Callable[[*Args], T], *args: *Args) -> T:
        """What ``work`` makes of ``args``; ``otherwise`` where its calls fail, or the party has been silent before."""
        if party in self._silent:
            self._failed.setdefault(part, f"not tried: {party} did not answer before")
            return otherwise
        try:
            return work(*args)
        except CallFailed as error:
            self.note(part, party, error)
        return otherwise

    def note(self, part: str, party: str, error: CallFailed) -> None:
        """That a call of the party failed, of a part that goes on without what it would have said."""
        self._failed[part] = str(error)
        if isinstance(error, Unanswered):
            self._silent.add(party)

    def alone(self, part: str, work: Callable[[*Args], T], *args: *Args) -> T | None:
        """What ``work`` makes of ``args``, or None where it fails as nobody has foreseen: that must hide no other."""
        try:
            return work(*args)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest goes on and people are told
            self._failed[part] = f"{type(error).__name__}: {error}"
            return None

    @property
    def failed(self) -> Mapping[str, str]:
        """Part to its last error."""
        return self._failed
