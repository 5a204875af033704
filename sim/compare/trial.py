"""What came of one fault under one agent, and what many such trials come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import ceil
from statistics import median


class Harm(StrEnum):
    """What an agent did that it should not have, or that cost something."""

    DATA_LOST = "data lost"
    """Local disks erased by a stop, or all disks gone with a terminated instance."""
    ADDRESS_LOST = "address lost"
    """A public IPv4 address given up, or all addresses with a terminated instance."""
    BELOW_MINIMUM = "below minimum"
    """A serving instance was taken away with too few others serving."""
    NEEDLESS = "needless restart"
    """An instance that worked was rebooted, stopped or terminated."""
    OVERRULED = "person overruled"
    """What somebody had stopped was started or replaced."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault, one agent, one seed. Durations count from the strike; None for what never happened."""

    agent: str
    fault_class: str
    seed: int
    serves_again: timedelta | None
    """Until the whole fleet works again, and its load balancer sends it requests."""
    told: timedelta | None
    """Until somebody gets a message about it."""
    harms: frozenset[Harm]
    acts: tuple[str, ...]
    closed: timedelta | None = None
    """Until Defib called it healed."""
    waste: float | None = None
    """The share of ``serves_again`` that AWS does not impose (docs/scenarios.md)."""
    waste_with_grace: float | None = None
    """The same, where the grace for EC2's own recovery counts as Defib's."""
    waste_closed: float | None = None
    """The share of ``closed`` that AWS does not impose."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile."""

    median: timedelta
    p95: timedelta

    @classmethod
    def of(cls, found: Sequence[timedelta]) -> Spread | None:
        """None of none."""
        if not found:
            return None
        ordered = sorted(found)
        middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
        return cls(middle, ordered[ceil(0.95 * len(ordered)) - 1])


@dataclass(frozen=True, slots=True)
class Share:
    """Median and 95th percentile of shares of one."""

    median: float
    p95: float

    @classmethod
    def of(cls, found: Sequence[float | None]) -> Share | None:
        """None of none."""
        ordered = sorted(share for share in found if share is not None)
        return cls(median(ordered), ordered[ceil(0.95 * len(ordered)) - 1]) if ordered else None


@dataclass(frozen=True, slots=True)
class Row:
    """All trials of one agent in one class."""

    agent: str
    fault_class: str
    trials: int
    healed: int
    took: Spread | None
    """Of those that were healed."""
    told: int
    told_after: Spread | None
    harms: Mapping[Harm, int]
    untouched: int
    """Trials without any act."""
    closed: Spread | None = None
    waste: Share | None = None
    waste_with_grace: Share | None = None
    waste_closed: Share | None = None


def summed(trials: Sequence[Trial]) -> Row:
    """The row of trials of one agent and class, of which there is at least one."""
    took = [t.serves_again for t in trials if t.serves_again is not None]
    told = [t.told for t in trials if t.told is not None]
    return Row(
        agent=trials[0].agent,
        fault_class=trials[0].fault_class,
        trials=len(trials),
        healed=len(took),
        took=Spread.of(took),
        told=len(told),
        told_after=Spread.of(told),
        harms=dict(Counter(harm for t in trials for harm in sorted(t.harms))),
        untouched=sum(1 for t in trials if not t.acts),
        closed=Spread.of([t.closed for t in trials if t.closed is not None]),
        waste=Share.of([t.waste for t in trials]),
        waste_with_grace=Share.of([t.waste_with_grace for t in trials]),
        waste_closed=Share.of([t.waste_closed for t in trials]),
    )
