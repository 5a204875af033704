"""Whole replays: determinism, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.__main__ import _parser, main
from sim.recording import Recording
from sim.replay import POLICY, ROOT, replay
from sim.report import document
from sim.scenario_file import load


def run(name: str, seed: int | None = None, policy: Path = POLICY) -> Recording:
    return replay(load(ROOT / "scenarios" / f"{name}.toml"), name, policy, seed=seed)


def test_the_same_seed_gives_the_same_document_and_another_seed_another() -> None:
    first, again, other = (document.to_json(run("false-alarm", seed)) for seed in (4, 4, 5))

    assert first == again
    assert first != other


def test_a_policy_that_only_observes_touches_nothing_and_fails_the_scenario(tmp_path: Path) -> None:
    observing = tmp_path / "defib.toml"
    observing.write_text(POLICY.read_text(encoding="utf-8").replace('mode = "heal"', 'mode = "observe"'))
    recording = run("reboot-cures", policy=observing)

    assert not recording.passed
    assert "ec2:RebootInstances" not in recording.totals.calls


def test_the_command_prints_one_document_and_tells_the_verdict_by_its_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["replay", str(ROOT / "scenarios" / "false-alarm.toml"), "--json"])

    printed = json.loads(capsys.readouterr().out)
    assert (status, printed["passed"]) == (0, True)


def test_a_wrong_file_gets_a_message_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('title = "T"\n')

    assert main(["replay", str(wrong)]) == 2
    assert "start is missing" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["replay", "serve"])
def test_a_scenario_that_is_shipped_goes_by_its_name(command: str) -> None:
    assert _parser().parse_args([command, "april-30"]).scenario == ROOT / "scenarios" / "april-30.toml"


def test_a_scenario_that_is_almost_one_that_is_shipped_is_told_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "arpil-30"]) == 2
    assert capsys.readouterr().err == "arpil-30: No such file or directory; did you mean scenarios/april-30.toml?\n"


def test_a_scenario_whose_messages_are_not_kept_is_told_with_those_whose_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["messages", "flapping"])
    said = capsys.readouterr().err
    assert "of 'flapping' no messages are kept, but of acknowledged-by-link, " in said
    assert said.endswith("table-unavailable, zone-loss\n")


def test_trouble_in_what_no_stack_has_is_named_with_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "scenarios" / "sweep-dies.toml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace('on = "sweep"', 'on = ["swep", "sweep"]'))

    assert main(["replay", str(wrong)]) == 2
    assert 'machinery[0].on = "swep": must name one of the functions: diagnose, remediate' in capsys.readouterr().err
