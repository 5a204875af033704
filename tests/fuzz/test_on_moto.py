"""The same stories in the deployed stack's own handlers: what holds in memory holds there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.on_moto import lived_on_moto
from sim.fuzz.trouble import Nth, Trouble


@pytest.mark.parametrize("seed", [3])
def test_a_drawn_story_breaks_nothing_there(seed: int) -> None:
    story = draw(seed)
    world, broken = lived_on_moto(story)
    assert broken == []
    assert sum(world.recorder.ledger.made.values()) > 500
    # Of a target group that is not there a sweep would hear nothing, and no outage of a zone would ever be over.
    named = {group.name for service in story.policy.services for group in service.target_groups}
    assert named - {group.name for group in story.scenario.target_groups}
    assert world.recorder.ledger.metrics["sweep:SweepCompleted"] > story.scenario.until / timedelta(minutes=2)


@pytest.mark.parametrize(("number", "trouble"), [(60, Trouble.ANSWER_LOST), (200, Trouble.HANGS)])
def test_a_call_that_fails_once_breaks_nothing_there(number: int, trouble: Trouble) -> None:
    assert lived_on_moto(scenario_story("april-30"), Nth(number, trouble))[1] == []


def test_an_act_without_consent_is_found_there() -> None:
    story = scenario_story("april-30")
    told = replace(story, policy=replace(story.policy, services=()))
    assert any(line.startswith("consent") for line in lived_on_moto(told)[1])
