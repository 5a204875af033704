"""Status checks that say nothing for minutes after a start, and what is called healed before they have spoken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core import verify
from defib.core.case import Action
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Story
from sim.fuzz.story_file import read, write
from tests.fuzz.worlds import MINUTE

SLOW = timedelta(minutes=8)


def with_slow(check: str) -> Story:
    """A web server is stopped and started, and one of its checks says nothing for long after that."""
    story = scenario_story("april-30")
    scenario = story.scenario
    if check == "application":
        fleet = tuple(replace(f, application_check=1, application_grace=SLOW) for f in scenario.fleet)
        return replace(story, scenario=replace(scenario, fleet=fleet))
    return replace(story, scenario=replace(scenario, durations=replace(scenario.durations, attached_ebs=SLOW)))


@pytest.mark.parametrize("check", ["application", "attached EBS"])
def test_what_has_a_check_that_says_nothing_yet_is_healed_once_that_has_passed(check: str) -> None:
    world, broken = lived(with_slow(check))
    assert broken == []
    (case,) = world.cases()
    started = case.last(Action.START)
    assert started is not None
    assert started.done_at is not None
    assert case.closed_at is not None
    assert case.closed_at - started.done_at > SLOW - MINUTE


@pytest.mark.parametrize("check", ["application", "attached EBS"])
def test_what_is_called_healed_before_that_is_found(check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "unsaid", lambda *_: "")
    _, broken = lived(with_slow(check))
    assert any(f"ended as healed, and its {check} status check has said nothing yet" in line for line in broken)


def test_slow_checks_are_drawn_and_stand_in_a_storys_file() -> None:
    stories = [draw(seed) for seed in range(60)]
    graces = {fleet.application_grace for story in stories for fleet in story.scenario.fleet if fleet.application_check}
    assert len(graces) > 3
    slow = [story for story in stories if story.scenario.durations.attached_ebs]
    assert len(slow) > 3
    for story in stories:
        told = read(write(story)).story.scenario
        assert (told.fleet, told.durations) == (story.scenario.fleet, story.scenario.durations)
