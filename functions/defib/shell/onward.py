"""What a sweep has found of many at once, sent onward one by one: what the queues refuse holds up nothing else.

All of it is remembered before it is sent: a notice stays in the ``due`` index, and an order of a zonal shift is due
again after ``repair.act_timeout``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from defib.core.frozen import dataclass
from defib.core.incident import Notice
from defib.core.shift import ShiftOrder
from defib.shell.parts import THE_QUEUES, Parts


class Onward(Protocol):
    """As much of ``ports.Queues`` as what holds for many needs."""

    def announce(self, notices: Sequence[Notice]) -> None: ...

    def shift(self, order: ShiftOrder) -> None: ...


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Raises nothing that a queue refuses: ``parts`` names it."""

    queues: Onward
    parts: Parts

    def announce(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self.parts.do("announcing what befalls many", THE_QUEUES, None, self.queues.announce, [notice])

    def shift(self, order: ShiftOrder) -> None:
        self.parts.do("ordering zonal shifts", THE_QUEUES, None, self.queues.shift, order)
