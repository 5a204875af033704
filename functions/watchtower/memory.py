"""What was wrong before and what people know of it: pure. One flicker tells nobody, and nothing is told twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchtower.model import Finding, Report, Watched, Weight


@dataclass(frozen=True, slots=True)
class Known:
    """One thing that is wrong, or was a moment ago."""

    about: str
    weight: Weight
    short: str
    since: datetime
    """When a look first found it."""
    wrong: int = 1
    """In how many looks in a row it was found, until it was told."""
    right: int = 0
    """In how many looks in a row it was gone, once it was told."""
    told: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """What the watchtower remembers from look to look."""

    known: Mapping[str, Known] = field(default_factory=dict)
    watched: Watched | None = None
    """What the watched stack's resources were last called, for when it can't be asked."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be told."""

    new: tuple[Finding, ...] = ()
    over: tuple[Known, ...] = ()
    still: tuple[Known, ...] = ()
    """Told before, and not over."""

    @property
    def weight(self) -> Weight:
        weights = {*(found.weight for found in self.new), *(known.weight for known in self.over)}
        return min(weights, default=Weight.MINOR)

    def __bool__(self) -> bool:
        return bool(self.new or self.over)


def take_in(memory: Memory, report: Report, looks: int, now: datetime) -> tuple[Memory, Change]:
    """What is remembered after ``report``, and what has changed for good: the same in ``looks`` looks in a row.

    What a look could not check stays as it was: silence is no recovery.
    """
    known: dict[str, Known] = {}
    new: list[Finding] = []
    over: list[Known] = []
    found = {finding.key: finding for finding in report.findings}
    for key, finding in found.items():
        before = memory.known.get(key)
        after = _wrong(before, finding, looks, now)
        if after.told and (before is None or not before.told):
            new.append(finding)
        known[key] = after
    for key, before in memory.known.items():
        if key in found:
            continue
        if before.about in report.unmade:
            known[key] = before
        elif before.told and before.right + 1 < looks:
            known[key] = replace(before, right=before.right + 1)
        elif before.told:
            over.append(before)
    still = tuple(entry for key, entry in known.items() if entry.told and key not in {finding.key for finding in new})
    return Memory(known, memory.watched), Change(tuple(new), tuple(over), still)


def _wrong(before: Known | None, finding: Finding, looks: int, now: datetime) -> Known:
    if before is None:
        return Known(finding.about, finding.weight, finding.short, now, told=looks <= 1)
    if before.told:
        return replace(before, right=0)
    wrong = before.wrong + 1
    return replace(before, weight=finding.weight, short=finding.short, wrong=wrong, told=wrong >= looks)
