"""Worlds of scenarios, up to a moment at which a test changes something behind Defib's back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sim.fuzz.draw import of_first_kinds
from sim.fuzz.nth import scenario_story
from sim.fuzz.story import Story
from sim.fuzz.trouble import REFUSALS
from sim.fuzz.world import World

MINUTE = timedelta(minutes=1)


def told(name: str, until: timedelta = timedelta(0)) -> World:
    """The scenario of that name, up to that moment."""
    world = World(scenario_story(name))
    world.time.run_until(world.story.scenario.start + until)
    assert world.judge.broken == []
    return world


def plain(seed: int) -> Story:
    """The story of that seed without refusals, races, deployments and newer kinds: as when found worth keeping."""
    story = of_first_kinds(seed)
    return replace(story, spells=tuple(s for s in story.spells if s.trouble not in REFUSALS), redeployed=())


def later(world: World, by: timedelta) -> None:
    world.time.run_until(world.time.now + by)


def broken(world: World) -> set[str]:
    """The names of the invariants that broke."""
    return {line.partition(":")[0] for line in world.judge.broken}
