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
    differs_since: datetime | None = None
    """When that was first of another deploy than the watchtower; None: it is of the same."""


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
    found = {finding.key: finding for finding in report.findings}
    wrong = {key: _wrong(memory.known.get(key), finding, looks, now) for key, finding in found.items()}
    untold = [key for key in wrong if key not in memory.known or not memory.known[key].told]
    if any(wrong[key].told for key in untold):
        # One death is seen by several checks, some a look later than others: people get one message.
        wrong |= {key: replace(wrong[key], told=True) for key in untold}
    new = tuple(found[key] for key in untold if wrong[key].told)
    quiet, over = _quiet(memory, report, looks)
    known = {**wrong, **quiet}
    still = tuple(entry for key, entry in known.items() if entry.told and key not in untold)
    return replace(memory, known=known), Change(new, over, still)


def _quiet(memory: Memory, report: Report, looks: int) -> tuple[dict[str, Known], tuple[Known, ...]]:
    """What was known and is not found now: what stays known of it, and what is over."""
    found = {finding.key for finding in report.findings}
    quiet: dict[str, Known] = {}
    over: list[Known] = []
    for key, before in memory.known.items():
        if key in found:
            continue
        if before.about in report.unmade:
            quiet[key] = before
        elif before.told and before.right + 1 < looks:
            quiet[key] = replace(before, right=before.right + 1)
        elif before.told:
            over.append(before)
    return quiet, tuple(over)


def _wrong(before: Known | None, finding: Finding, looks: int, now: datetime) -> Known:
    if before is None:
        return Known(finding.about, finding.weight, finding.short, now, told=looks <= 1)
    if before.told:
        return replace(before, right=0)
    wrong = before.wrong + 1
    return replace(before, weight=finding.weight, short=finding.short, wrong=wrong, told=wrong >= looks)
