"""Tags that give an instance to another service, or to none: what is drawn, and what judges say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core import decide
from defib.core.case import Action, Outcome
from defib.core.model import Registration, Target, TargetHealth
from sim.faults import FaultKind
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.seen import Seen
from sim.fuzz.story import NOBODYS, Interference, Once, Story
from sim.fuzz.story_file import read, write
from sim.machine import Machine
from sim.scenario import Fault
from tests.fuzz.worlds import MINUTE


def retagged(once: Once, to: str = NOBODYS) -> Story:
    """A web server fails, or AWS announces something, and somebody changes its tags once Defib is at that."""
    story = scenario_story("april-30")
    cured_by = () if once is Once.HANDED_OVER else None
    fault = Fault(at=MINUTE, on=("web-1",), kind=FaultKind.SYSTEM_IMPAIRED, cured_by=cured_by)
    if once is Once.ANNOUNCED:
        fault = Fault(at=MINUTE, on=("web-1",), kind=FaultKind.EVENT_ANNOUNCED, due_in=timedelta(days=6))
    meddling = (Interference(MINUTE, "web-1", service=to, once=once),)
    return replace(story, scenario=replace(story.scenario, faults=(fault,)), meddling=meddling)


def another(story: Story) -> str:
    """A service of its policy that is not that of its web servers."""
    return next(s.name for s in story.policy.services if s.name != story.scenario.fleet[0].of_service)


@pytest.mark.parametrize("once", [Once.DRAINED, Once.STOPPED, Once.HANDED_OVER, Once.ANNOUNCED])
def test_whatever_defib_is_at_its_old_service_lets_it_go(once: Once) -> None:
    world, broken = lived(retagged(once))
    assert broken == []
    ends = Outcome.HEALED if once in (Once.DRAINED, Once.STOPPED) else Outcome.LEFT_ALONE
    assert [case.outcome for case in world.cases()] == [ends]


def test_what_defib_has_stopped_is_put_back_though_it_is_nobodys_by_then() -> None:
    world, broken = lived(retagged(Once.STOPPED))
    assert broken == []
    machine = world.cloud.by_name["web-1"]
    balancer = world.cloud.balancer_of(machine)
    assert balancer is not None
    assert balancer.health[machine.instance_id] is TargetHealth.HEALTHY
    assert [a.action for c in world.cases() for a in c.attempts].count(Action.RESTORE) == 1


@pytest.mark.parametrize("once", [Once.HANDED_OVER, Once.ANNOUNCED])
def test_what_goes_on_as_the_old_services_is_found(once: Once, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_still_its", lambda _, __, decision, ___: decision)
    _, broken = lived(retagged(once))
    assert any("though its tags give web-1 to another service" in line for line in broken)


def test_what_is_put_back_again_and_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = Seen._targets

    def of_services(seen: Seen, machine: Machine, places: Sequence[Registration]) -> tuple[Target, ...]:
        return targets(seen, machine, places) if seen._cloud.policy.service_of(machine.tags) else ()

    monkeypatch.setattr(Seen, "_targets", of_services)
    _, broken = lived(retagged(Once.STOPPED))
    assert any("restore on web-1, which its target group has again" in line for line in broken)


def test_what_is_announced_is_foretold_to_its_new_service() -> None:
    story = retagged(Once.ANNOUNCED)
    world, broken = lived(retagged(Once.ANNOUNCED, another(story)))
    assert broken == []
    assert {case.service for case in world.cases()} == {story.scenario.fleet[0].of_service, another(story)}


def test_each_point_is_drawn_and_stands_in_a_storys_file() -> None:
    stories = [story for story in map(draw, range(300)) if any(m.service for m in story.meddling)]
    assert {m.once for story in stories for m in story.meddling if m.service} == {*Once, None}
    for story in stories:
        assert read(write(story)).story.meddling == story.meddling
