"""The measurements for people: in the terminal, and in docs/measurements.md between its markers."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from tests.bench.figure import Figure, Section
from tests.bench.process import ROOT

DOCUMENT = ROOT / "docs" / "measurements.md"


class NoMarker(ValueError):
    """The document has no place for a section."""


def circumstances(on: date, load: float) -> str:
    """When and where, as far as it matters and nobody's name is in it; ``load`` is what else the machine was doing."""
    python, processor = platform.python_version(), platform.machine()
    return f"{on.isoformat()}, Python {python}, {processor}, {os.cpu_count()} processors, load {load:.1f} beforehand"


def in_terminal(section: Section) -> Table:
    """One table for rich."""
    table = Table(title=section.title, title_justify="left", title_style="bold")
    names, rows = _cells(section)
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number in {0, len(names) - 1} else "right")
    for figure, row in zip(section.figures, rows, strict=True):
        table.add_row(*map(escape, row), style="red" if figure.holds is False else None)
    return table


def write(sections: Sequence[Section], measured: str, document: Path = DOCUMENT) -> None:
    """Renew what stands between the markers of each section; ``measured`` says when and where. Raises NoMarker."""
    text = document.read_text(encoding="utf-8")
    for section in sections:
        start, end = f"<!-- measured: {section.name} -->", "<!-- end -->"
        pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
        fresh = "\n".join((start, *_markdown(section), "", f"*{measured}*", end))
        text, replaced = pattern.subn(fresh.replace("\\", r"\\"), text)
        if replaced != 1:
            raise NoMarker(f"{document.name} needs one place between {start} and {end}; it has {replaced}")
    document.write_text(text, encoding="utf-8")


def _markdown(section: Section) -> list[str]:
    names, rows = _cells(section)
    rule = ["---", *("---:" for _ in names[1:-1]), "---"]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in (names, rule, *rows)]


def _cells(section: Section) -> tuple[list[str], list[list[str]]]:
    compared = any(figure.bare is not None for figure in section.figures)
    names = [
        section.subject,
        *((section.against, "Defib", "ratio", "limit") if compared else ("measured", "limit")),
        "",
    ]
    return names, [_row(figure, compared) for figure in section.figures]


def _row(figure: Figure, compared: bool) -> list[str]:
    measured = _amount(figure, figure.measured)
    if not compared:
        limit = "" if figure.limit is None else f"{figure.limit:g} {figure.unit}"
        return [figure.what, measured, limit, figure.note]
    bare = "" if figure.bare is None else _amount(figure, figure.bare)
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} ×"
    limit = "" if figure.limit is None else f"{figure.limit:g} ×"
    return [figure.what, bare, measured, ratio, limit, figure.note]


def _amount(figure: Figure, amount: float) -> str:
    return f"{amount:.0f} {figure.unit}" if amount >= 100 else f"{amount:.1f} {figure.unit}"
