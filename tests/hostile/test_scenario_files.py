"""Scenario and story files: whatever they hold, a scenario or the list of mistakes, soon and printable."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from defib.core.mistake import PolicyError
from sim.__main__ import main
from sim.fuzz.story_file import StoryError, read
from sim.scenario_file import BYTES_MOST, LINE_MOST, ScenarioError, load, parse
from tests.core.test_parse_hostile import written
from tests.hostile.strategies import BOUNDED, DEEP, NASTY, TEXTS, steps

LEAST = """title = "T"
story = "S"
start = 2026-04-30T12:00:00Z
until = "30m"
[fleet.web]
count = 3
[[faults]]
at = "3m"
on = "web-2"
kind = "zombie"
cured_by = ["restart"]
"""
STORY = """[policy.defib]
opt_in_tag = "self-heal=true"
[policy.services.web]
match = { service = "web" }
mode = "observe"
[scenario]
title = "T"
story = "S"
start = 2026-04-30T12:00:00Z
until = "30m"
[scenario.fleet.web]
count = 3
"""
SPELL = '[[spells]]\nat = "1m"\nlasts = "1m"\ntrouble = "throttled"\non = "sweep"\n'
TOML = st.recursive(
    st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.datetimes()
    | st.text(max_size=9)
    | st.sampled_from(["0001-01-01T00:00:00+23:59", "1m", "web-*", "*a" * 200, "[["]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def parses_or_says_why(text: str) -> None:
    try:
        parse(text)
    except ScenarioError as error:
        assert all(line.isprintable() for line in str(error).split("\n"))  # noqa: PT017 - it need not be raised


def reads_or_says_why(text: str) -> None:
    try:
        read(text)
    except (StoryError, ScenarioError, PolicyError) as error:
        assert all(line.isprintable() for line in str(error).split("\n"))  # noqa: PT017 - it need not be raised


@st.composite
def changed(draw: st.DrawFn, sample: str) -> str:
    """The sample with one of its values, or a line of it, replaced."""
    lines = sample.splitlines()
    at = draw(st.integers(0, len(lines) - 1))
    key, equals, _ = lines[at].partition(" = ")
    lines[at] = f"{key} = {written(draw(TOML))}" if equals and draw(st.booleans()) else draw(TEXTS)
    return "\n".join(lines)


@BOUNDED
@given(changed(LEAST))
@example("\ud800")
@example("a = " + "9" * 3_999)
@example("seed = " + "9" * 3_000 + "\n" + "9" * 3_000)
@example(LEAST.replace("2026-04-30T12:00:00Z", "0001-01-01T00:00:00+23:59"))
@example(LEAST.replace("2026-04-30T12:00:00Z", "9999-12-31T23:59:59-23:59"))
@example(LEAST.replace("2026-04-30T12:00:00Z", "9999-12-31T23:59:59Z"))
@example(LEAST.replace('["restart"]', "[{ a = 1 }]"))
@example(LEAST.replace('["restart"]', "[[1]]"))
@example("\u001b[2J\u202e")
def test_a_changed_scenario_is_one_or_a_scenario_error(text: str) -> None:
    parses_or_says_why(text)


@BOUNDED
@given(changed(STORY + SPELL))
@example("policy = 1")
@example("policy = {}\nscenario = 1")
@example('"\\u0000\\u001b" = 1')
@example("nth = " + "9" * 3_999)
@example("spells = [1]\n" + STORY)
@example(STORY + SPELL.replace('"1m"', "1"))
@example(STORY + SPELL.replace('"sweep"', "[1]"))
@example(STORY + SPELL + 'chance = "often"')
@example(STORY + "[nth]\nnumber = 1\ntrouble = [1]")
@example(STORY + "[[meddling]]\nat = 1\non = 1\nmaintenance = 1")
def test_a_changed_story_is_one_or_an_error_that_says_what_to_mend(text: str) -> None:
    reads_or_says_why(text)


@pytest.mark.parametrize("text", ["a = " + "[\n" * DEEP, "a = " + "{ b = " * 300, "a = " + "[" * 1_500], ids=str)
def test_brackets_without_end_are_a_scenario_error(text: str) -> None:
    with pytest.raises(ScenarioError):
        parse(text)
    with pytest.raises(ScenarioError):
        read(text)


@pytest.mark.parametrize("text", ["a." * LINE_MOST + "b = 1", "#" * (LINE_MOST + 1), "#\n" * BYTES_MOST])
def test_a_file_or_a_line_that_is_too_long_is_not_parsed(text: str) -> None:
    def refused() -> None:
        with pytest.raises(ScenarioError, match="must be at most"):
            parse(text)

    assert steps(refused) < 5_000


def test_bytes_that_are_no_text_are_a_scenario_error(tmp_path: Path) -> None:
    file = tmp_path / "hostile.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="UTF-8"):
        load(file)


@pytest.mark.parametrize("text", [LEAST[:40], "\x1b[2J", "a = " + "[" * 1_500])
def test_the_command_line_says_what_to_mend_and_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "hostile.toml"
    file.write_text(text)
    assert main(["replay", str(file)]) == 2
    assert main(["fuzz", "--story", str(file)]) == 2
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert all(line.isprintable() for line in told.err.splitlines())


NONE_AT_ALL = [
    ["fuzz", "--seeds", "0"],
    ["fuzz", "--seeds", "-3"],
    ["fuzz", "--moto-every", "0"],
    ["nth", "--every", "0"],
]


@pytest.mark.parametrize(
    "arguments", [[], ["\u202e"], ["replay"], ["replay", "x", "--seed", "9" * 5_000], *NONE_AT_ALL]
)
def test_arguments_that_make_no_sense_are_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "65536", "²", "9" * 5_000, *(text for text in NASTY if "\0" not in text)])
def test_a_port_is_a_port(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "x", "--port", port])
    assert ended.value.code == 2
    assert sys.getrecursionlimit() >= 1_000
    capsys.readouterr()
