"""docs/operations.md as tests read it."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
SECTIONS: dict[str, str] = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))


def blocks(text: str = PAGE) -> list[str]:
    """What stands in blocks of code, those in lists too; a command that goes on in the next line is one line."""
    found = re.findall(r"^( *)```(?:\w*)\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [re.sub(f"^{indent}", "", block, flags=re.MULTILINE).replace("\\\n", " ").strip() for indent, block in found]


def commands(section: str, start: str = "aws ") -> list[str]:
    """The section's blocks that begin with ``start``."""
    return [block for block in blocks(SECTIONS[section]) if block.startswith(start)]


def rows(section: str) -> list[list[str]]:
    """The cells of the section's table, without its head."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("| ") and line.endswith(" |")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def quoted(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)
