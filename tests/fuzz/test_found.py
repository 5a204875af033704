"""What is wrong otherwise than by EC2's own checks is found by the sweep alone, and that it is not is found, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core import suspect
from defib.core.model import Cause, Diagnosis, Observation
from defib.core.policy import Policy
from defib.core.suspect import Suspect, suspect_of
from sim.faults import FaultKind
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Story
from sim.fuzz.trouble import Spell, Trouble
from sim.fuzz.world import World
from sim.scenario import Fault
from tests.fuzz.worlds import MINUTE, later

STOPPED = (FaultKind.STOPPED_UNASKED, Cause.STOPPED_UNASKED, "is stopped")
CHECKED = (FaultKind.APPLICATION_DOWN, Cause.APPLICATION_DOWN, "fails its application status check")
BEHIND = (FaultKind.APPLICATION_DOWN, Cause.APPLICATION_DOWN, "is an unhealthy target")


def struck(kind: FaultKind, what: str) -> Story:
    """One web server is struck, and no event of it comes; its application check fails, or its target group says so."""
    story = scenario_story("zonal-shift")
    fault = Fault(at=MINUTE, on=("web-1",), kind=kind, cured_by=())
    (web,) = story.scenario.fleet
    checked = replace(web, application_check=1, target_group="") if what == CHECKED[2] else web
    scenario = replace(story.scenario, fleet=(checked,), faults=(fault,))
    lost = Spell(timedelta(0), scenario.until, Trouble.MESSAGE_LOST, "events")
    return replace(story, scenario=scenario, spells=(lost,))


@pytest.mark.breaks("found")
@pytest.mark.parametrize(("kind", "cause", "what"), [STOPPED, CHECKED, BEHIND], ids=["stopped", "checked", "behind"])
def test_what_no_event_tells_of_is_found_and_a_sweep_that_is_blind_to_it_is_noticed(
    kind: FaultKind, cause: Cause, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lived(struck(kind, what))[1] == []

    def blind(observation: Observation, diagnosis: Diagnosis, *rest: object) -> Suspect | None:
        return None if diagnosis.cause is cause else suspect_of(observation, diagnosis, *rest)  # type: ignore[arg-type]  # as they come

    monkeypatch.setattr(suspect, "suspect_of", blind)
    _, broken = lived(struck(kind, what))
    assert any(line.startswith("found") and f"web-1 {what}, and for 0:02:00 nobody" in line for line in broken)


def test_what_a_person_has_stopped_need_not_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(observation: Observation, diagnosis: Diagnosis, policy: Policy, now: object) -> None:
        del observation, diagnosis, policy, now

    monkeypatch.setattr(suspect, "suspect_of", none)
    assert lived(struck(FaultKind.STOPPED_BY_PERSON, "is stopped"))[1] == []


@pytest.mark.breaks("found")
def test_that_nobody_looks_at_what_fails_in_a_zone_that_is_let_go_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    story = scenario_story("zone-loss")
    for_good = tuple(replace(fault, lasts=None) for fault in story.scenario.faults)
    lost = Spell(timedelta(0), story.scenario.until, Trouble.MESSAGE_LOST, "events")
    world = World(replace(story, scenario=replace(story.scenario, faults=for_good), spells=(lost,)))
    later(world, 8 * MINUTE)
    world.store.whole = replace(world.store.whole, impaired=(), crowd=None)
    world.judge.swept()
    monkeypatch.setattr("sim.fuzz.world.sweep", lambda *_: None)
    for unseen in (False, True):
        later(world, 2 * MINUTE)
        assert any("nobody has seen that" in line for line in world.judge.broken) is unseen
