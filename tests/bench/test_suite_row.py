"""What the row about the tests says when some of them fail."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench.elapsed import NAMED_MOST, failing_in, named
from tests.bench.figure import Figure, Section, Unit
from tests.bench.tables import in_terminal, write

TESTS = """
import pytest

@pytest.mark.parametrize("mark", ["a|b", "c"])
def test_one(mark):
    assert mark == "c"

def test_another():
    raise ValueError("broken - for good")
"""


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What fails when pytest runs such tests, beside a file that it can't read, as the bench runs the suite's."""
    folder = tmp_path_factory.mktemp("failing")
    (folder / "test_some.py").write_text(TESTS, encoding="utf-8")
    (folder / "test_unreadable.py").write_text("import nothing_of_that_name", encoding="utf-8")
    cache = folder / "cache"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist.plugin", "-n", "1", "-o", f"cache_dir={cache}"]
    # No other plugin: each takes seconds to import.
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run([*command, "--rootdir", "."], cwd=folder, env=env, capture_output=True, check=False)
    return failing_in(cache)


def test_tests_that_fail_are_named_and_files_that_cannot_be_read_and_nothing_else(failing: list[str]) -> None:
    named_here = ["test_some.py::test_another", "test_some.py::test_one[a|b]", "test_unreadable.py"]
    assert failing == named_here
    assert named(failing) == f"; failing: {', '.join(named_here)}"


def test_where_none_fails_nothing_is_added(tmp_path: Path) -> None:
    assert named(failing_in(tmp_path)) == ""


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    failing = [f"test_{number:02}" for number in range(NAMED_MOST + 2)]

    assert named(failing).startswith("; failing: test_00, test_01, ")
    assert named(failing).endswith(f"test_{NAMED_MOST - 1:02} and 2 more")


def test_a_name_with_brackets_and_bars_stands_in_both_tables_as_it_is(tmp_path: Path) -> None:
    note = named(["test_some.py::test_one[a|b]"])
    section = Section("suite", "The tests", "what", (Figure("make test", 1.0, Unit.SECONDS, note=note),))
    terminal = Console(file=StringIO(), width=200)
    document = tmp_path / "measurements.md"
    document.write_text("<!-- measured: suite -->\n<!-- end -->\n", encoding="utf-8")

    terminal.print(in_terminal(section))
    write((section,), "today", document)

    assert "test_some.py::test_one[a|b]" in terminal.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert r"test_some.py::test_one[a\|b]" in document.read_text(encoding="utf-8")
