"""Worlds of scenarios, up to a moment at which a test changes something behind Defib's back."""

from __future__ import annotations

from datetime import timedelta

from sim.fuzz.nth import scenario_story
from sim.fuzz.world import World

MINUTE = timedelta(minutes=1)


def told(name: str, until: timedelta = timedelta(0)) -> World:
    """The scenario of that name, up to that moment."""
    world = World(scenario_story(name))
    world.time.run_until(world.story.scenario.start + until)
    assert world.judge.broken == []
    return world


def later(world: World, by: timedelta) -> None:
    world.time.run_until(world.time.now + by)


def broken(world: World) -> set[str]:
    """The names of the invariants that broke."""
    return {line.partition(":")[0] for line in world.judge.broken}
