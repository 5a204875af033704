"""What caught what, as a table in a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.catching import Caught
from tests.mutants.table import FUZZ, Mutant

BEGIN, END = "<!-- mutants: begin -->", "<!-- mutants: end -->"


def keep(caught: Sequence[Caught], table: Sequence[Mutant], document: Path) -> None:
    """Put ``caught`` between the document's marks; of the others in ``table``, what stands there already stays.

    Raises ValueError when the document has no marks.
    """
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    kept, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{document} needs a line {BEGIN} and a line {END}, between which the table stands")
    rows = {name: line for line in kept.splitlines() if (name := name_in(line))}
    rows |= {found.mutant.name: _row(found) for found in caught}
    lines = "\n".join(_lines([rows[mutant.name] for mutant in table if mutant.name in rows]))
    document.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}", encoding="utf-8")


def name_in(line: str) -> str:
    """The mutant that a line of the table is about; empty for any other line."""
    cells = line.split(" | ")
    return cells[0].removeprefix("| ") if len(cells) == 4 and cells[0] != "| Mutant" else ""


def _lines(rows: Sequence[str]) -> Iterator[str]:
    by_story = sum(1 for row in rows if f"| {FUZZ}: " in row)
    yield f"{len(rows)} mutants, each caught: {by_story} by a story that broke, {len(rows) - by_story} by a test."
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
