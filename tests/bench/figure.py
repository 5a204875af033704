"""What was measured: Defib beside the bare boto3 that does the same, or beside another product."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a figure is in."""

    MILLISECONDS = "ms"
    MEGABYTES = "MB"
    KILOBYTES = "kB"
    SECONDS = "s"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of a table."""

    what: str
    measured: float
    unit: Unit
    bare: float | None = None
    """The same by bare boto3, or what else the section compares with; None where there is nothing of the kind."""
    limit: float | None = None
    """The most that is allowed: as a multiple of ``bare``, or in ``unit`` where there is none."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.measured / self.bare if self.bare else None

    @property
    def holds(self) -> bool | None:
        """Whether the figure is within its limit; None without one."""
        if self.limit is None:
            return None
        return (self.measured if self.ratio is None else self.ratio) <= self.limit


@dataclass(frozen=True, slots=True)
class Section:
    """One table."""

    name: str
    """Names the section on the command line and the markers in docs/measurements.md."""
    title: str
    subject: str
    """The heading of the rows."""
    figures: tuple[Figure, ...]
    against: str = "bare boto3"
    """The heading of what is compared with."""
