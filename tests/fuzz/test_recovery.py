"""EC2's own automatic recovery: where it comes in time nothing is stopped, and who stops before it could is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core import decide, diagnose, restart
from defib.core.case import Action
from sim.faults import Cure, FaultKind
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Interference, Story
from sim.fuzz.story_file import read, write
from sim.fuzz.world import World
from sim.scenario import Fault
from tests.fuzz.worlds import MINUTE


def host_fails(recovered: timedelta | None = None, instance_type: str = "m7g.large") -> Story:
    """The host of a web server fails for good, unless EC2 recovers it at that time."""
    story = scenario_story("april-30")
    fault = Fault(at=MINUTE, on=("web-1",), kind=FaultKind.SYSTEM_IMPAIRED)
    fleet = tuple(replace(f, instance_type=instance_type) for f in story.scenario.fleet)
    by_aws = (Interference(recovered, "web-1", recovers=True),) if recovered is not None else ()
    return replace(story, scenario=replace(story.scenario, fleet=fleet, faults=(fault,)), meddling=by_aws)


def acts(world: World) -> set[Action]:
    return {attempt.action for case in world.store.cases.values() for attempt in case.attempts}


def test_what_ec2_recovers_in_time_is_neither_rebooted_nor_drained_nor_stopped() -> None:
    world, broken = lived(host_fails(2 * MINUTE + timedelta(seconds=30)))
    assert broken == []
    assert acts(world) == {Action.EVIDENCE}
    assert world.cloud.by_name["web-1"].works(world.time.now)


def test_what_ec2_does_not_recover_is_stopped_once_its_grace_is_over() -> None:
    world, broken = lived(host_fails())
    assert broken == []
    stop = next(a for case in world.store.cases.values() for a in case.attempts if a.action is Action.STOP)
    grace = world.story.policy.repair.auto_recovery_grace
    assert grace <= stop.intended_at - world.story.scenario.start - MINUTE < grace + 2 * MINUTE


def test_what_has_passed_its_checks_since_ec2_has_recovered_it_may_be_rebooted_when_it_fails_again() -> None:
    story = host_fails(2 * MINUTE + timedelta(seconds=30))
    again = Fault(at=6 * MINUTE, on=("web-1",), kind=FaultKind.ZOMBIE, cured_by=(Cure.REBOOT,))
    repair = replace(story.policy.repair, reboot_trial=15 * MINUTE)
    verify = {s.name: replace(s, verify=replace(s.verify, stable_for=5 * MINUTE)) for s in story.policy.services}
    policy = replace(story.policy, repair=repair, services=tuple(verify.values()))
    faults = (*story.scenario.faults, again)
    world, broken = lived(replace(story, policy=policy, scenario=replace(story.scenario, faults=faults)))
    assert broken == []
    assert Action.REBOOT in acts(world)
    assert len(world.cases()) == 1


def test_what_has_local_disks_is_none_that_ec2_recovers() -> None:
    world, _ = lived(host_fails(2 * MINUTE + timedelta(seconds=30), "m7gd.large"))
    assert world.cloud.by_name["web-1"].suffers(FaultKind.SYSTEM_IMPAIRED) is not None


def test_a_stop_that_comes_before_ec2s_recovery_could_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "_recovering", lambda *_: None)
    _, broken = lived(host_fails())
    assert any("web-1, which EC2 may be about to recover" in line for line in broken)


def test_recoveries_are_drawn_and_stand_in_a_storys_file() -> None:
    story = next(s for s in map(draw, range(200)) if any(m.recovers for m in s.meddling))
    assert read(write(story)).story.meddling == story.meddling


def test_a_reboot_in_the_middle_of_the_boot_that_ec2s_recovery_began_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnose, "host_mended", lambda *_: False)
    monkeypatch.setattr(decide, "host_mended", lambda *_: False)
    _, broken = lived(host_fails(3 * MINUTE))
    assert any("reboot on web-1, which EC2 has just recovered" in line for line in broken)
