"""The command that lives through many stories."""

from __future__ import annotations

import json

import pytest

from sim.fuzz.run import main


def test_for_a_program_it_says_the_same_as_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(3, 0, as_json=True, story=None) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["stories"], said["failures"]) == (3, [])
    assert sum(said["outcomes"].values()) == said["incidents"] > 0
    assert all(isinstance(count, int) for count in said["struck"].values())
