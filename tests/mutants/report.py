"""What caught what, as a table in a document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.mutants.catching import Caught
from tests.mutants.table import FUZZ, Mutant

TRIED = re.compile(r"^What (stories|tests) catch was last tried on (.+)\.$", re.MULTILINE)
BY_STORIES, BY_TESTS = HALVES = ("stories", "tests")
BEGIN, END = "<!-- mutants: begin -->", "<!-- mutants: end -->"


def keep(caught: Sequence[Caught], table: Sequence[Mutant], document: Path, when: str) -> None:
    """Put ``caught`` between the document's marks; of the others in ``table``, what stands there already stays.

    ``when`` they were caught, and of which commit, is said of stories where all that stories have caught were among
    them, and of tests likewise.
    Raises ValueError when the document has no marks.
    """
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    kept, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{document} needs a line {BEGIN} and a line {END}, between which the table stands")
    rows = {name: line for line in kept.splitlines() if (name := name_in(line))}
    again = {found.mutant.name: _row(found) for found in caught}
    tried = dict[str, str](TRIED.findall(kept))
    rows |= again
    for half in HALVES:
        of_half = {name for name, row in rows.items() if _half(row) == half}
        if of_half and of_half <= again.keys():
            tried[half] = when
    lines = "\n".join(_lines([rows[mutant.name] for mutant in table if mutant.name in rows], tried))
    document.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}", encoding="utf-8")


def name_in(line: str) -> str:
    """The mutant that a line of the table is about; empty for any other line."""
    cells = line.split(" | ")
    return cells[0].removeprefix("| ") if len(cells) == 4 and cells[0] != "| Mutant" else ""


def caught_by_stories(document: Path) -> frozenset[str]:
    """The mutants that a story has caught, as the document has it."""
    return frozenset(name for name, how in kept_rows(document).items() if how.startswith(f"{FUZZ}: "))


def kept_rows(document: Path) -> Mapping[str, str]:
    """By mutant what caught it, as the document has it."""
    lines = document.read_text(encoding="utf-8").splitlines()
    return {name: line.rpartition(" | ")[2].removesuffix(" |") for line in lines if (name := name_in(line))}


def _is_by_story(row: str) -> bool:
    return f"| {FUZZ}: " in row


def _half(row: str) -> str:
    return BY_STORIES if _is_by_story(row) else BY_TESTS


def _lines(rows: Sequence[str], tried: Mapping[str, str]) -> Iterator[str]:
    by_story = sum(map(_is_by_story, rows))
    yield f"{len(rows)} mutants, each caught: {by_story} by a story that broke, {len(rows) - by_story} by a test."
    for half in HALVES:
        if half in tried:
            yield f"What {half} catch was last tried on {tried[half]}."
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
