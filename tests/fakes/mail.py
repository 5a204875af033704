"""Subscribers' mail in memory; the store is that of the stories (sim/memory/letters.py)."""

from __future__ import annotations

from dataclasses import dataclass, field

from defib.core.page.mail import Letter
from defib.shell.ports import CallFailed
from sim.memory.letters import FakeMailStore

__all__ = ["FakeMailStore", "FakeSubscribers"]


@dataclass
class FakeSubscribers:
    """Keeps every letter, and every address that was sent a link; raises ``error`` instead while it is set."""

    letters: list[Letter] = field(default_factory=list)
    invited: list[str] = field(default_factory=list)
    error: CallFailed | None = None

    def tell(self, letter: Letter) -> None:
        if self.error is not None:
            raise self.error
        self.letters.append(letter)

    def invite(self, address: str) -> None:
        if self.error is not None:
            raise self.error
        self.invited.append(address)
