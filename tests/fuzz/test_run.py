"""The command that lives through many stories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.fuzz import run
from sim.fuzz.draw import draw
from sim.fuzz.run import main
from sim.fuzz.story_file import write


def test_for_a_program_it_says_the_same_as_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(3, 0, as_json=True, story=None) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["stories"], said["failures"]) == (3, [])
    assert sum(said["outcomes"].values()) == said["incidents"] > 0
    assert all(isinstance(count, int) for count in said["struck"].values())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    into = tmp_path / "story.toml"
    into.write_text(write(draw(3)), encoding="utf-8")
    return into


def test_of_a_storys_file_a_program_hears_as_of_one_seed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(1000, 0, as_json=True, story=file) == 0
    of_file = json.loads(capsys.readouterr().out)
    main(1, 3, as_json=True, story=None)
    of_seed = json.loads(capsys.readouterr().out)

    assert of_file | {"seconds": 0} == of_seed | {"seconds": 0}


def test_what_a_storys_file_breaks_is_told_to_a_program_with_the_file(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lived = run.lived
    monkeypatch.setattr(run, "lived", lambda *given: (lived(*given)[0], ["told: nobody heard of it"]))

    assert main(1000, 0, as_json=True, story=file) == 1
    (failure,) = json.loads(capsys.readouterr().out)["failures"]
    assert (failure["seed"], failure["broken"], failure["file"]) == (3, ["told: nobody heard of it"], str(file))
