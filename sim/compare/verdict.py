"""What a row comes to in a few words, the same in the terminal, the document and the picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sim.compare.fault_class import FaultClass, Wanted
from sim.compare.trial import Row
from sim.report.tone import Tone
from sim.report.words import span


@dataclass(frozen=True, slots=True)
class Verdict:
    """One cell."""

    tone: Tone
    words: str
    harms: str = ""
    took: timedelta | None = None
    """The median time, where it heals."""

    @property
    def text(self) -> str:
        """Symbol, words and harms in one line."""
        return f"{self.tone.symbol} {self.words}" + (f"; {self.harms}" if self.harms else "")


def verdict(row: Row, fault_class: FaultClass) -> Verdict:
    """How the row stands to what a good operator would do."""
    harms = _harms(row)
    if fault_class.wanted is Wanted.LEAVE:
        left = row.untouched == row.trials
        return Verdict(Tone.GOOD, "left alone") if left else Verdict(Tone.BAD, _acted(row), harms)
    if row.took is not None and row.healed == row.trials:
        return Verdict(Tone.WARN if harms else Tone.GOOD, span(row.took.median), harms, row.took.median)
    if fault_class.wanted is Wanted.ASK and not harms and row.told == row.trials:
        return Verdict(Tone.GOOD if row.healed == 0 else Tone.WARN, "people decide")
    if row.healed:
        return Verdict(Tone.WARN, f"healed {row.healed} of {row.trials}", harms)
    return Verdict(Tone.BAD, "not healed", harms)


def _acted(row: Row) -> str:
    acted = row.trials - row.untouched
    return "not left alone" if acted == row.trials else f"not left alone {acted} times of {row.trials}"


def _harms(row: Row) -> str:
    found = []
    for harm, count in sorted(row.harms.items()):
        found.append(harm.value if count == row.trials else f"{harm.value} ({count} of {row.trials})")
    return ", ".join(found)
