"""Every call failing once, in every way: nothing breaks, and nobody is left untold.

The suite takes a share of the calls; ``python -m sim nth SCENARIO`` takes them all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sim.fuzz.nth import WAYS, all_scenarios, beyond_memory, main, nth_call, scenario_story
from sim.fuzz.run import lived
from sim.fuzz.trouble import Nth, Spell, Trouble

EVERY = 29
"""Of so many calls one: prime, so that it falls on another step of the loop each time."""


@pytest.mark.parametrize("trouble", WAYS, ids=lambda trouble: trouble.value)
@pytest.mark.parametrize("scenario", ["april-30", "stuck-stopping"])
def test_a_call_that_fails_once_breaks_nothing(scenario: str, trouble: Trouble) -> None:
    story = scenario_story(scenario)
    first = 1 + WAYS.index(trouble) * 3
    lives = list(nth_call(story, (trouble,), first=first, every=EVERY))
    assert len(lives) > 10
    assert {(life.nth.number, life.struck): life.broken for life in lives if life.broken} == {}


@pytest.mark.parametrize("trouble", WAYS, ids=lambda trouble: trouble.value)
def test_acts_that_fail_time_and_again_break_nothing(trouble: Trouble) -> None:
    spell = Spell(timedelta(0), timedelta(minutes=8), trouble, "ec2.perform", 0.7)
    world, broken = lived(replace(scenario_story("april-30"), spells=(spell,)))
    assert world.outside.struck
    assert broken == []


PLAYED = [name for name in all_scenarios() if not beyond_memory(scenario_story(name))]
TOO_MANY = frozenset({"alarm-storm"})
"""Takes seconds for each of its 24,000 calls."""


@pytest.mark.parametrize("scenario", sorted({*PLAYED} - TOO_MANY))
def test_in_every_scenario_a_call_at_its_beginning_middle_and_end_may_fail(scenario: str) -> None:
    story = scenario_story(scenario)
    calls = lived(story)[0].outside.calls
    ways = [WAYS[(n + len(scenario)) % len(WAYS)] for n in range(3)]
    each = [Nth(1 + calls * part // 6, way) for part, way in zip((1, 3, 5), ways, strict=True)]
    assert {nth: broken for nth in each if (broken := lived(story, nth)[1])} == {}


def test_what_memory_can_not_play_says_why() -> None:
    left = {name: beyond_memory(scenario_story(name)) for name in all_scenarios() if name not in PLAYED}
    assert left["sweep-dies"] == "trouble of its own in the machinery"
    assert len(PLAYED) > 2 * len(left)


def test_the_calls_that_fail_are_of_every_kind() -> None:
    lives = nth_call(scenario_story("april-30"), (Trouble.ANSWER_LOST,), every=7)
    kinds = {life.struck.rpartition(" ")[2] for life in lives}
    assert {"table.read", "table.write", "ec2.observe", "queue.wake", "queue.signals"} <= kinds


def test_the_command_says_what_came_of_each_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["april-30", "sweep-dies"], every=300) == 0
    said = capsys.readouterr().out
    assert "one call failing in each; broken in 0" in said
    assert "sweep-dies: trouble of its own in the machinery" in said


def test_a_name_that_is_no_scenario_is_said_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["april-31"]) == 2
    assert "no scenario is named 'april-31'; there are: acknowledged-by-link, " in capsys.readouterr().err
