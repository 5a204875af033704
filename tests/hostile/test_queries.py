"""Nothing that comes from outside stands in a query: expressions are written in the code, values are bound."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(file for folder in ("defib", "watchtower") for file in (ROOT / "functions" / folder).rglob("*.py"))
CHOSEN = {"comparison": "Literal['<', '<=']"}
"""Names that an expression may hold: of parameters that mypy lets be nothing but literals."""


def expressions(tree: ast.AST) -> Iterator[ast.expr]:
    """What is given as an ``...Expression``: as an argument, in a dictionary, or by assignment."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and (node.arg or "").endswith("Expression"):
            yield node.value
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and str(key.value).endswith("Expression"):
                    yield value
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and ast.unparse(target.slice).endswith("Expression'"):
                    yield node.value


def outside(expression: ast.expr) -> set[str]:
    """What in the expression is not written there."""
    if isinstance(expression, ast.Constant):
        return set()
    if isinstance(expression, ast.JoinedStr):
        return {ast.unparse(part.value) for part in expression.values if isinstance(part, ast.FormattedValue)}
    return {ast.unparse(expression)}


FOUND = [(file, found) for file in FILES for found in expressions(ast.parse(file.read_text(encoding="utf-8")))]


def test_there_are_expressions_to_look_at() -> None:
    assert len(FOUND) >= 12


@pytest.mark.parametrize(("file", "expression"), FOUND, ids=[f"{f.name}-{e.lineno}" for f, e in FOUND])
def test_an_expression_holds_nothing_but_what_is_written_in_the_code(file: Path, expression: ast.expr) -> None:
    names = outside(expression)
    assert names <= CHOSEN.keys(), f"{file}:{expression.lineno}"
    parameters = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.arg)]
    for name in names:
        assert {ast.unparse(p.annotation) for p in parameters if p.arg == name and p.annotation} == {CHOSEN[name]}


def test_a_look_at_an_expression_made_of_outside_text_fails() -> None:
    (made,) = expressions(ast.parse('query(KeyConditionExpression=f"pk = {name}")'))
    assert outside(made) == {"name"}
    (added,) = expressions(ast.parse('request["FilterExpression"] = "pk = " + name'))
    assert outside(added)


def test_no_text_is_run_as_code_but_what_frozen_makes_of_the_names_of_fields() -> None:
    run = [
        (file.name, node.func.id)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec", "compile", "__import__"}
    ]
    assert run == [("frozen.py", "exec")]
