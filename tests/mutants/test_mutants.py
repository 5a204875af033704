"""The planted faults: the table keeps up with the code, and what catches them really does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.__main__ import DOCUMENT
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
from tests.mutants.report import BEGIN, END, caught_by_stories, keep, name_in
from tests.mutants.table import FUZZ, ROOT, Kind, Mutant, MutantError, mutants

TABLE = mutants()
LEAST = 40
CHEAP = ("guard stop_protection removed", "minimum_healthy flipped", "SMS over 140 characters")
"""Caught by a test of pure functions."""
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
        assert (is_fuzz(catcher) and seeds_of(catcher) > 0) or (ROOT / catcher.partition("::")[0]).is_file()


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


def test_a_catcher_that_is_not_there_is_no_catcher(tree: Tree) -> None:
    with pytest.raises(CatcherError, match="is no test"):
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
    rows = [line for line in document.read_text(encoding="utf-8").splitlines() if name_in(line)]
    assert [name_in(row) for row in rows] == [one.name, other.name]
    assert rows[0].endswith("| fuzz: limits (seed 3) |")
    assert rows[1].endswith("| `core/test_guard.py::test_a` |")
    assert "2 mutants, each caught: 1 by a story that broke, 1 by a test." in document.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lived", "says"),
    [
        ({}, ""),
        ({3: ["told"]}, ""),
        ({3: ["told"], 4: ["limits", "patience"], 5: ["audit"]}, "limits, patience (seed 4)"),
        ({4: ["crash"], 9: ["crash", "ends"]}, "crash, ends (seed 9)"),
        ({4: ["crash"], 9: ["crash"]}, "crash (seed 4)"),
    ],
)
def test_all_that_judges_find_in_one_story_is_said_and_a_crash_only_where_they_find_nothing(
    lived: Stories, says: str
) -> None:
    assert judged(lived, {3: ["told"]}) == says


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


def test_every_invariant_is_broken_by_a_judge_s_test() -> None:
    """Where Defib does what it never would: that a planted fault breaks it as well is in the other document."""
    judges = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests" / "fuzz").glob("test_judges_*.py"))
    document = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| ([a-z ]+) \| [A-Z]", document, re.MULTILINE)
    assert len(names) == 22
    assert [name for name in names if f'"{name}"' not in judges and f'"{name}: ' not in judges] == []


def test_the_document_has_a_row_for_each() -> None:
    rows = [name for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if (name := name_in(line))]
    assert rows == [mutant.name for mutant in TABLE], "python -m tests.mutants --write"


def _named(name: str) -> Mutant:
    return next(mutant for mutant in TABLE if mutant.name == name)


def _only_tests(mutant: Mutant) -> Mutant:
    return replace(mutant, catchers=tuple(catcher for catcher in mutant.catchers if not is_fuzz(catcher)))
