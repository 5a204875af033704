"""The core knows no AWS, no clock, no randomness and no I/O."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "functions" / "defib" / "core"
STANDARD = sys.stdlib_module_names | {"_typeshed"}
IMPURE = {"os", "io", "random", "secrets", "time", "socket", "urllib", "logging", "subprocess", "pathlib", "threading"}


def imported(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module)
    return names


@pytest.mark.parametrize("module", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_a_core_module_imports_only_the_pure_standard_library_and_the_core(module: Path) -> None:
    for name in imported(module):
        top = name.partition(".")[0]
        ours = name == "defib.core" or name.startswith("defib.core.")
        assert ours or (top in STANDARD and top not in IMPURE), name


@pytest.mark.parametrize("module", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_a_core_module_reads_no_clock(module: Path) -> None:
    nodes = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
    calls = {node.func.attr for node in nodes if isinstance(node.func, ast.Attribute)}

    assert not calls & {"now", "utcnow", "today", "open", "read_text", "environ"}
