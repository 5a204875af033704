"""The planted faults: the table keeps up with the code, and what catches them really does."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fuzz.marked import said_to_break
from tests.mutants.__main__ import DOCUMENT, _chosen, _parser
from tests.mutants.catching import (
    CatcherError,
    Caught,
    Stories,
    catch,
    is_fuzz,
    judged,
    seeds_of,
    sound_tests,
    stories,
)
from tests.mutants.planting import Tree, copied
from tests.mutants.report import BEGIN, END, caught_by_stories, keep, kept_rows, name_in
from tests.mutants.table import FUZZ, ROOT, Kind, Mutant, MutantError, mutants

TABLE = mutants()
LEAST = 40
CHEAP = ("guard stop_protection removed", "minimum_healthy flipped", "SMS over 140 characters")
"""Caught by a test of pure functions."""
IMPORT = "from __future__ import annotations\n"
INVARIANTS = re.findall(
    r"^\| ([a-z ]+) \| [A-Z]", (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8"), re.MULTILINE
)
SAMPLED = 20
"""Of the rows of what stories catch, every so many-th is lived through again."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return copied(tmp_path_factory.mktemp("tree"))


def test_there_are_enough_of_every_kind() -> None:
    assert len(TABLE) >= LEAST
    assert {mutant.kind for mutant in TABLE} == set(Kind)
    assert len({mutant.name for mutant in TABLE}) == len(TABLE)
    assert all(mutant.catchers and mutant.breaks for mutant in TABLE)


@pytest.mark.parametrize("mutant", TABLE, ids=[mutant.name for mutant in TABLE])
def test_its_text_stands_once_in_its_file_and_its_catchers_are_there(mutant: Mutant) -> None:
    source = (ROOT / mutant.file).read_text(encoding="utf-8")

    assert mutant.planted(source) != source
    for catcher in mutant.catchers:
        assert (is_fuzz(catcher) and len(seeds_of(catcher)) > 0) or (ROOT / catcher.partition("::")[0]).is_file()


def test_a_text_that_has_changed_is_named_with_what_to_do() -> None:
    with pytest.raises(MutantError, match=r"mutant share off by one: its text occurs 0 times in .*limits\.py"):
        _named("share off by one").planted("nothing of the kind")


@pytest.mark.parametrize("name", CHEAP)
def test_a_mutant_is_caught_and_the_tree_is_whole_again(name: str, tree: Tree) -> None:
    mutant = _only_tests(_named(name))
    before = (tree.root / mutant.file).read_text(encoding="utf-8")

    caught = catch(mutant, tree, {})

    assert caught.by == "test"
    assert caught.how.startswith(mutant.catchers[0])
    assert (tree.root / mutant.file).read_text(encoding="utf-8") == before


def test_what_no_catcher_minds_is_not_called_caught(tree: Tree) -> None:
    deaf = replace(_named("share off by one"), catchers=("tests/core/test_duration.py",))

    caught = catch(deaf, tree, {})

    assert not caught.by


def test_whatever_is_planted_is_python_in_which_every_name_is_defined(tmp_path: Path) -> None:
    """Else it is caught for what it was never meant to be."""
    for number, mutant in enumerate(mutant for mutant in TABLE if mutant.file.endswith(".py")):
        planted = mutant.planted((ROOT / mutant.file).read_text(encoding="utf-8"))
        ast.parse(planted, mutant.name)
        (tmp_path / f"planted{number}.py").write_text(planted, encoding="utf-8")
    names = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F821,F823", str(tmp_path)]
    ran = subprocess.run(names, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("becomes", ["if (", "raise NameError", "import nothing_of_the_kind\nif True:"])
def test_a_tree_of_which_no_test_can_be_read_is_a_mutant_to_mend(becomes: str, tree: Tree) -> None:
    broken = replace(_only_tests(_named("share off by one")), was=IMPORT, becomes=f"{becomes}\n{IMPORT}")
    with pytest.raises(MutantError, match=r"mutant share off by one: .*: no test of it ran"):
        catch(broken, tree, {})


@pytest.mark.parametrize("crashes", [False, True])
def test_a_slip_in_what_is_planted_catches_nothing_unless_that_is_its_point(crashes: bool, tree: Tree) -> None:
    undone = _named("person's stop undone")
    slipped = undone.becomes.replace(", may_resize=False", "")
    assert slipped != undone.becomes
    mutant = replace(undone, becomes=slipped, catchers=("fuzz:13",), crashes=crashes)
    if crashes:
        assert catch(mutant, tree, {}).how.startswith("crash: TypeError (seed ")
        return
    with pytest.raises(
        MutantError, match="mutant person's stop undone: in its stories it only crashes: crash: TypeError"
    ):
        catch(mutant, tree, {})


def test_a_catcher_that_is_not_there_is_no_catcher(tree: Tree) -> None:
    with pytest.raises(MutantError, match="no test of it ran"):
        catch(replace(_named("share off by one"), catchers=("tests/core/test_none.py",)), tree, {})
    with pytest.raises(CatcherError, match="without any mutant"):
        sound_tests(tree, ["tests/core/test_none.py"])


def test_the_report_says_what_caught_what_and_keeps_the_rows_of_the_others(tmp_path: Path) -> None:
    document = tmp_path / "mutants.md"
    document.write_text(f"Before\n{BEGIN}\n{END}\nAfter\n", encoding="utf-8")
    one, other = TABLE[0], TABLE[1]

    keep([Caught(other, "test", "tests/core/test_guard.py::test_a[long | parameter]")], TABLE, document, "1 May")
    keep([Caught(one, FUZZ, "limits (seed 3)")], TABLE, document, "2 May")
    keep([Caught(other, "test", "tests/core/test_guard.py::test_a")], TABLE, document, "3 May")

    assert caught_by_stories(document) == {one.name}
    assert "What stories catch was last tried on 2 May." in document.read_text(encoding="utf-8")
    assert "What tests catch was last tried on 3 May." in document.read_text(encoding="utf-8")
    rows = [line for line in document.read_text(encoding="utf-8").splitlines() if name_in(line)]
    assert [name_in(row) for row in rows] == [one.name, other.name]
    assert rows[0].endswith("| fuzz: limits (seed 3) |")
    assert rows[1].endswith("| `core/test_guard.py::test_a` |")
    assert "2 mutants, each caught: 1 by a story that broke, 1 by a test." in document.read_text(encoding="utf-8")


def test_of_neither_half_is_said_that_it_was_tried_when_only_a_part_was(tmp_path: Path) -> None:
    document = tmp_path / "mutants.md"
    document.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    stories_half = [Caught(mutant, FUZZ, "limits (seed 3)") for mutant in TABLE[:2]]
    tests_half = [Caught(mutant, "test", "tests/core/test_guard.py::test_a") for mutant in TABLE[2:4]]

    keep([*stories_half, *tests_half], TABLE, document, "1 May")
    keep(stories_half[:1], TABLE, document, "2 May")
    keep(tests_half, TABLE, document, "3 May")

    said = document.read_text(encoding="utf-8")
    assert "What stories catch was last tried on 1 May.\nWhat tests catch was last tried on 3 May.\n" in said


def test_the_halves_are_all_and_so_are_the_parts_of_each() -> None:
    whole = [*_names("--tests"), *_names("--fuzz")]
    parts = [name for half in ("--tests", "--fuzz") for k in (1, 2, 3) for name in _names(half, "--shard", f"{k}/3")]
    assert sorted(whole) == sorted(parts) == sorted(mutant.name for mutant in TABLE)


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b"])
def test_a_part_that_there_is_not_is_refused(shard: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        _names("--shard", shard)


def _names(*arguments: str) -> list[str]:
    return [mutant.name for mutant in _chosen(_parser().parse_args(arguments))]


@pytest.mark.parametrize(
    ("lived", "wanted", "says"),
    [
        ({}, "", ""),
        ({3: ["told"]}, "", ""),
        ({3: ["told"], 4: ["limits", "patience"], 5: ["audit"]}, "", "limits, patience (seed 4)"),
        ({3: ["told"], 4: ["limits", "patience"], 5: ["audit"]}, "audit", "audit (seed 5)"),
        ({3: ["told"], 4: ["limits", "patience"], 5: ["audit"]}, "told", ""),
        ({4: ["crash: KeyError"], 9: ["crash: KeyError", "ends"]}, "", "crash: KeyError, ends (seed 9)"),
        ({4: ["crash: KeyError"], 9: ["crash: KeyError"]}, "", ""),
    ],
)
def test_all_that_judges_find_in_the_first_story_in_which_they_find_what_is_wanted_is_said(
    lived: Stories, wanted: str, says: str
) -> None:
    assert judged(lived, {3: ["told"]}, wanted) == says


def test_stories_that_break_something_else_than_what_is_wanted_are_passed_over(tree: Tree) -> None:
    with tree.with_planted(_named("guard owned_by_others removed")):
        lived = stories(tree, range(40), {}, "audit")
    assert not isinstance(lived, str)
    assert len(lived) > 1


def test_a_story_in_which_a_judge_finds_something_is_the_last_one(tree: Tree) -> None:
    with tree.with_planted(_named("guard owned_by_others removed")):
        assert stories(tree, range(40), {}) == {0: ["consent"]}


@pytest.mark.parametrize("name", sorted(caught_by_stories(DOCUMENT))[::SAMPLED])
def test_the_story_that_the_document_names_still_breaks_what_it_says(name: str, tree: Tree) -> None:
    line = next(line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if name_in(line) == name)
    said = re.search(r"fuzz: (.+) \(seed (\d+)\) \|$", line)
    assert said is not None, line
    with tree.with_planted(_named(name)):
        lived = stories(tree, range(int(said[2]), int(said[2]) + 1))
    assert not isinstance(lived, str), lived
    assert judged(lived, {}) == f"{said[1]} (seed {said[2]})", "python -m tests.mutants --fuzz --write"


def test_every_invariant_is_broken_by_a_test() -> None:
    """In which Defib does what it never would; each fails unless what it is marked with is broken in its course."""
    files = sorted((ROOT / "tests" / "fuzz").glob("test_*.py"))
    modules = [importlib.import_module(f"tests.fuzz.{file.stem}") for file in files]
    judged = [module for module in modules if module.__name__ != "tests.fuzz.test_marks"]
    marks = [mark for module in judged for test in vars(module).values() for mark in _marks(test)]
    assert said_to_break(marks) == set(INVARIANTS)


def _marks(test: object) -> Iterator[pytest.Mark]:
    """Those of a test, and of what it is given."""
    for mark in getattr(test, "pytestmark", ()):
        yield mark
        if mark.name == "parametrize":
            yield from (each.mark for given in mark.args[1] for each in getattr(given, "marks", ()))


def test_every_invariant_but_the_crash_is_broken_by_a_planted_fault_in_a_story() -> None:
    broken = {name for row in kept_rows(DOCUMENT).values() for name in _broken_in(row)}
    assert broken >= set(INVARIANTS) - {"crash"}


def test_the_document_has_a_row_for_each() -> None:
    assert list(kept_rows(DOCUMENT)) == [mutant.name for mutant in TABLE], "python -m tests.mutants --write"


@pytest.mark.parametrize("mutant", TABLE, ids=[mutant.name for mutant in TABLE])
def test_a_row_names_a_test_or_what_a_judge_has_found(mutant: Mutant) -> None:
    row = kept_rows(DOCUMENT)[mutant.name]
    judges = [name for name in _broken_in(row) if name in INVARIANTS]
    assert re.fullmatch(r"`\S+\.py::\S.*`", row) or judges or mutant.crashes
    assert not mutant.breaks_by or mutant.breaks_by in judges


def _broken_in(row: str) -> list[str]:
    said = re.fullmatch(r"fuzz: (.+) \(seed \d+\)", row)
    return said[1].split(", ") if said is not None else []


def _named(name: str) -> Mutant:
    return next(mutant for mutant in TABLE if mutant.name == name)


def _only_tests(mutant: Mutant) -> Mutant:
    return replace(mutant, catchers=tuple(catcher for catcher in mutant.catchers if not is_fuzz(catcher)))
