"""What AWS announces of a Spot Instance: people read what they can do, and who tells them otherwise is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sim.faults import FaultKind
from sim.fuzz.draw import draw
from sim.fuzz.draw_announced import NAME
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Story
from sim.scenario import Fault
from sim.scenario_value import Trait
from tests.fuzz.worlds import MINUTE


def announced() -> Story:
    story = scenario_story("april-30")
    fault = Fault(at=MINUTE, on=("web-1",), kind=FaultKind.EVENT_ANNOUNCED, due_in=timedelta(days=6))
    fleet = tuple(replace(f, traits=(Trait.SPOT,)) for f in story.scenario.fleet)
    return replace(story, scenario=replace(story.scenario, fleet=fleet, faults=(fault,)))


def test_nobody_is_told_to_stop_and_start_a_spot_instance() -> None:
    _, broken = lived(announced())
    assert broken == []


def test_who_is_told_to_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("defib.core.diagnose.in_its_way", lambda _: ())
    _, broken = lived(announced())
    assert any("people read that web-1 is to be stopped and started" in line for line in broken)


def test_some_stories_have_one() -> None:
    assert sum(any(f.name == NAME for f in draw(seed).scenario.fleet) for seed in range(100)) > 3
