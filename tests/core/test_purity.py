"""The core knows no AWS, no clock, no randomness and no I/O."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "functions" / "defib" / "core"
PURE = {
    *("collections", "dataclasses", "datetime", "difflib", "enum", "functools", "hashlib", "itertools", "json"),
    *("operator", "re", "sys", "tomllib", "typing", "unicodedata", "zlib", "zoneinfo"),
    *("__future__", "_typeshed"),
}
"""What the core takes of the standard library. Whatever is added must know neither clock nor chance nor the outside."""
IMPURE_CALLS = {"now", "utcnow", "today", "open", "read_text", "input", "print", "__import__"}
MODULES = pytest.mark.parametrize("module", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))


def imported(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


@MODULES
def test_a_core_module_imports_only_the_pure_standard_library_and_the_core(module: Path) -> None:
    foreign = {name for name in imported(module) if not f"{name}.".startswith("defib.core.")}

    assert {name.partition(".")[0] for name in foreign} <= PURE


@MODULES
def test_a_core_module_reads_no_clock_and_reaches_nothing_outside(module: Path) -> None:
    called = [node.func for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    names = {func.attr for func in called if isinstance(func, ast.Attribute)}
    names |= {func.id for func in called if isinstance(func, ast.Name)}

    assert not names & IMPURE_CALLS
