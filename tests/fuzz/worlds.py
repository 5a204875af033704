"""Worlds of scenarios, up to a moment at which a test changes something behind Defib's back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from defib.core.case import Action
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
    """The story of that seed without refusals, races, deployments and newer kinds.

    It is another one as soon as drawing changes: whoever lives through it asserts what must happen in it. One that is
    to stay as it is belongs into a file (``scenarios/regressions/``).
    """
    story = of_first_kinds(seed)
    return replace(story, spells=tuple(s for s in story.spells if s.trouble not in REFUSALS), redeployed=())


def later(world: World, by: timedelta) -> None:
    world.time.run_until(world.time.now + by)


def broken(world: World) -> set[str]:
    """The names of the invariants that broke."""
    return {line.partition(":")[0] for line in world.judge.broken}


def calls_of(story: Story) -> list[tuple[str, datetime]]:
    """Every call that is made where none fails, by its name, and when: the first is the one of number 1."""
    world, calls = World(story), list[tuple[str, datetime]]()
    made = world.outside.call

    def call(name: str, work: Callable[..., Any], *args: Any) -> Any:
        calls.append((name, world.time.now))
        return made(name, work, *args)

    world.outside.call = call  # type: ignore[assignment]  # to watch it
    assert world.run() == []
    return calls


def call_before(story: Story, on: str, action: Action, call: str) -> int:
    """The number of the last call of that name before that act on the instance ``on``, or of the act itself."""
    world = World(story)
    assert world.run() == []
    (made,) = (a for c in world.cases() if c.name == on for a in c.attempts if a.action is action)
    assert made.claimed_at is not None
    calls = calls_of(story)
    act = calls.index(("ec2.perform", made.claimed_at))
    return max(number for number, (name, _) in enumerate(calls[: act + 1], 1) if name == call)
