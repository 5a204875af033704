"""Lifecycle hooks and warm pools are drawn, and an act on what they hold is found."""

from __future__ import annotations

from datetime import timedelta

import pytest

from defib.core.case import Action
from defib.core.frozen import replace
from defib.core.model import Cause
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.story_file import read, write
from sim.fuzz.world import World
from sim.scaling_group import HookResult, PoolState
from tests.fuzz.test_judges_of_acts import attempt, case_of

STORIES = [draw(seed) for seed in range(300)]
GROUPS = [group for story in STORIES for group in story.scenario.groups]


def test_groups_have_hooks_of_each_result_and_pools_of_each_state() -> None:
    launching, terminating = (
        [h for h in hooks if h.is_there] for hooks in zip(*((g.launching, g.terminating) for g in GROUPS), strict=True)
    )
    assert {hook.default_result for hook in launching} == {hook.default_result for hook in terminating} == {*HookResult}
    assert any(hook.times_out for hook in launching)
    assert {group.warm_pool.state for group in GROUPS if group.warm_pool.size} == {*PoolState}


def test_they_are_kept_in_a_file() -> None:
    for story in STORIES[:60]:
        assert read(write(story)).story.scenario.groups == story.scenario.groups


@pytest.mark.parametrize("action", [Action.START, Action.REBOOT, Action.REPLACE])
def test_an_act_on_what_is_in_a_warm_pool_is_found(action: Action) -> None:
    world = World(scenario_story("warm-pool"))
    world.time.run_until(world.time.now + timedelta(minutes=5))
    _act(world, "worker-3", action)
    assert any("in the warm pool" in line for line in world.judge.broken)


@pytest.mark.parametrize(
    ("name", "minutes", "state"), [("worker-2", 15, "Terminating:Wait"), ("worker-3", 11, "Pending")]
)
def test_an_act_on_what_a_hook_holds_is_found(name: str, minutes: int, state: str) -> None:
    world = World(scenario_story("warm-pool"))
    world.time.run_until(world.time.now + timedelta(minutes=minutes))
    _act(world, name, Action.REBOOT)
    assert any(f"is {state}" in line for line in world.judge.broken)


def test_what_its_group_has_stopped_there_must_not_be_taken_for_failed() -> None:
    world = World(scenario_story("warm-pool"))
    world.time.run_until(world.time.now + timedelta(minutes=5))
    case = case_of(world.cloud.by_name["worker-3"], world.time.now, attempt(world.time.now))
    world.judge.remembered(replace(case, cause=Cause.STOPPED_UNASKED))
    assert any("taken for failed" in line for line in world.judge.broken)


def _act(world: World, name: str, action: Action) -> None:
    made = attempt(world.time.now, action=action)
    world.judge.act(made, case_of(world.cloud.by_name[name], world.time.now, made))
