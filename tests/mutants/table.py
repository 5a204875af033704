"""The table of planted faults, ``mutants.toml``, as values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TABLE = Path(__file__).resolve().parent / "mutants.toml"
FUZZ = "fuzz"
"""The catcher that lives through stories (docs/invariants.md); any other is a test's file or id."""


class Kind(StrEnum):
    """What sort of fault it is."""

    DECISION = "decision"
    GUARD = "guard"
    LIMIT = "limit"
    INTENT = "intent"
    EDGE = "edge call"
    DEADLINE = "deadline"
    WIRING = "wiring"
    PERMISSION = "permission"
    PAGE = "page"
    NOTICE = "notice"
    CALL = "call"
    CHANNEL = "channel"
    LINK = "link"
    WATCHTOWER = "watchtower"


class MutantError(Exception):
    """A mutant to mend: its text isn't in the file exactly once, or what it leaves there can't run."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: a text of one file, and what stands there instead."""

    name: str
    kind: Kind
    breaks: str
    """What goes wrong in production."""
    file: str
    was: str
    becomes: str
    catchers: tuple[str, ...]
    """Tried in this order: FUZZ, or a test's file or id."""
    breaks_by: str = ""
    """The invariant by which a story must catch it; empty: any. Stories that break others alone are passed over."""
    crashes: bool = False
    """Whether it is its point that Defib's code crashes; any other has to break what a judge sees."""

    def planted(self, source: str) -> str:
        """``source`` with the fault in it. Raises MutantError unless the text to replace occurs exactly once."""
        found = source.count(self.was)
        if found != 1:
            raise MutantError(
                f"mutant {self.name}: its text occurs {found} times in {self.file}, and must occur once; "
                "bring it in line with the file in tests/mutants/mutants.toml"
            )
        return source.replace(self.was, self.becomes)


def mutants(table: Path = TABLE) -> tuple[Mutant, ...]:
    """All of them, in the order of the file."""
    rows = tomllib.loads(table.read_text(encoding="utf-8"))["mutant"]
    return tuple(Mutant(**{**row, "kind": Kind(row["kind"]), "catchers": tuple(row["catchers"])}) for row in rows)
