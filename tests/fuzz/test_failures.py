"""What is left of a story that broke: a file that can be lived through again, and a command that repeats it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from sim.fuzz import failures, on_moto
from sim.fuzz.draw import draw
from sim.fuzz.failures import FILES_MOST, Failure, kept, kept_first
from sim.fuzz.run import main
from sim.fuzz.story import Story
from sim.fuzz.story_file import load

CROWD = 499
"""A seed of which a thousand instances and more are drawn."""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(failures, "REGRESSIONS", tmp_path)
    return tmp_path


def always(_: Story) -> Sequence[str]:
    return ["told: nobody heard of it"]


def test_a_failure_is_kept_as_a_file_that_can_be_read() -> None:
    failure = kept(Failure(3, ("told: nobody heard of it",)), always)
    assert load(Path(failure.file)).story.seed == 3


def test_what_is_too_long_for_a_file_leaves_none_and_says_so(files: Path) -> None:
    def of_many(story: Story) -> Sequence[str]:
        return always(story) if sum(fleet.count for fleet in story.scenario.fleet) > 1_000 else ()

    assert of_many(draw(CROWD))
    failure = kept(Failure(CROWD, ("told: nobody heard of it",)), of_many)
    assert failure.file == ""
    assert "no file: the shortest story found is too long for a file" in "\n".join(failures.told(failure))
    assert list(files.iterdir()) == []


def test_only_the_first_are_shrunk_and_the_others_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "shrink", lambda story, *_: story)
    found = kept_first([Failure(seed, ("told: nobody heard of it",)) for seed in range(FILES_MOST + 1)], always)
    assert [bool(failure.file) for failure in found] == [True] * FILES_MOST + [False]
    assert any("only the first 3 are shrunk" in line for line in failures.told(found[-1]))


@pytest.mark.parametrize("crashes", [False, True])
def test_what_breaks_on_moto_has_a_file_and_a_command_of_its_own(
    crashes: bool, files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: Story) -> tuple[None, list[str]]:
        if crashes:
            raise LookupError("no such machine")
        return None, ["ends: one is open"]

    monkeypatch.setattr(on_moto, "lived_on_moto", broken)
    monkeypatch.setattr("sim.fuzz.alike.differing", lambda _: [])
    assert main(2, 3, as_json=False, story=None, moto_every=3) == 1

    told = capsys.readouterr()
    what = "crash: LookupError: no such machine" if crashes else "ends: one is open"
    assert f"BROKEN in seed 3 on moto: {what}" in told.out
    assert "repeat it: python -m sim fuzz --seeds 1 --from 3 --moto-every 1" in told.out
    assert f"broken in seed 3 on moto: {what}" in told.err, "as soon as it is found"
    (file,) = files.iterdir()
    assert f"--story {file} --moto-every 1" in told.out
    assert main(1, 0, as_json=False, story=file) == 0
    assert main(1, 0, as_json=False, story=file, moto_every=1) == 1
