"""Looks at addresses in memory; the store is that of the stories (sim/memory/reach.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from defib.core.reach import Address, Readings
from sim.memory.reach import FakeReachStore

__all__ = ["FakeReachStore", "FakeReader"]


@dataclass
class FakeReader:
    """Answers what ``says`` holds, and notes until when it might have asked."""

    says: Readings = field(default_factory=Readings)
    asked: list[datetime] = field(default_factory=list)

    def read(self, addresses: Sequence[Address], until: datetime) -> Readings:
        del addresses
        self.asked.append(until)
        return self.says
