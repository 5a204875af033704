"""The simulator is part of the product: it stands without its tests."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SIM = Path(__file__).resolve().parents[2] / "sim"


@pytest.mark.parametrize("file", sorted(SIM.rglob("*.py")), ids=lambda file: str(file.relative_to(SIM)))
def test_the_simulator_imports_no_test(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    whole = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    parts = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in whole | parts if name.partition(".")[0] == "tests"}
