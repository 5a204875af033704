"""What caught what, as a table in a document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.catching import Caught
from tests.mutants.table import FUZZ, Mutant

TRIED = re.compile(r"^What stories catch was last tried on (.+)\.$", re.MULTILINE)
BEGIN, END = "<!-- mutants: begin -->", "<!-- mutants: end -->"


def keep(caught: Sequence[Caught], table: Sequence[Mutant], document: Path, when: str) -> None:
    """Put ``caught`` between the document's marks; of the others in ``table``, what stands there already stays.

    ``when`` they were caught, and of which commit, is said where all that stories have caught were among them.
    Raises ValueError when the document has no marks.
    """
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    kept, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{document} needs a line {BEGIN} and a line {END}, between which the table stands")
    rows = {name: line for line in kept.splitlines() if (name := name_in(line))}
    again = {found.mutant.name: _row(found) for found in caught}
    tried = when if {name for name, row in rows.items() if _is_by_story(row)} <= again.keys() else _tried(kept)
    rows |= again
    lines = "\n".join(_lines([rows[mutant.name] for mutant in table if mutant.name in rows], tried))
    document.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}", encoding="utf-8")


def name_in(line: str) -> str:
    """The mutant that a line of the table is about; empty for any other line."""
    cells = line.split(" | ")
    return cells[0].removeprefix("| ") if len(cells) == 4 and cells[0] != "| Mutant" else ""


def caught_by_stories(document: Path) -> frozenset[str]:
    """The mutants that a story has caught, as the document has it."""
    lines = document.read_text(encoding="utf-8").splitlines()
    return frozenset(name for line in lines if (name := name_in(line)) and _is_by_story(line))


def _is_by_story(row: str) -> bool:
    return f"| {FUZZ}: " in row


def _tried(kept: str) -> str:
    """When stories were last tried, as it stands in the document; empty where it does not say."""
    found = TRIED.search(kept)
    return found[1] if found is not None else ""


def _lines(rows: Sequence[str], tried: str) -> Iterator[str]:
    by_story = sum(map(_is_by_story, rows))
    yield f"{len(rows)} mutants, each caught: {by_story} by a story that broke, {len(rows) - by_story} by a test."
    if tried:
        yield f"What stories catch was last tried on {tried}."
    yield ""
    yield "| Mutant | Kind | What it would do | Caught by |"
    yield "|---|---|---|---|"
    yield from rows


def _row(found: Caught) -> str:
    mutant = found.mutant
    how = f"{FUZZ}: {found.how}" if found.by == FUZZ else f"`{_short(found.how)}`"
    return f"| {mutant.name} | {mutant.kind.value} | {mutant.breaks} | {how} |"


def _short(test: str) -> str:
    """The test's id without what it was given: a parameter may be long."""
    return test.removeprefix("tests/").partition("[")[0]
