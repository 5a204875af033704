"""A share of a service's instances, as people write it: ``50%``."""

from __future__ import annotations

import re

from defib.core.frozen import dataclass

_WRITTEN = re.compile(r"([1-9][0-9]{0,2})%")


@dataclass(frozen=True, slots=True)
class Percent:
    """So many percent of all instances of a service."""

    value: int

    def of(self, instances: int) -> int:
        """How many of ``instances`` that is, rounded up: of 3, 50% is 2."""
        return -(-instances * self.value // 100)

    def __str__(self) -> str:
        return f"{self.value}%"


def parse_percent(text: str) -> Percent | None:
    """Read a whole percentage; None for anything else."""
    found = _WRITTEN.fullmatch(text)
    return None if found is None else Percent(int(found[1]))
