"""From a story in which an invariant broke to the shortest one found in which it still does."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import tomli_w

from defib.core.parse import PolicyError, parse
from sim.fuzz.story import Story
from sim.fuzz.story_file import read, write
from sim.scenario import Durations, Fleet, Scenario
from sim.scenario_file import ScenarioError

OF_STORIES = ("spells", "meddling", "drills", "asked", "moved", "posted", "edited", "published")
OF_SCENARIOS = ("faults", "answers", "drill_answers", "unreachable", "aws_shifts", "health_issues")
"""What may be left out, one at a time, what helps most first."""
TRIES_MOST = 400
"""Stories lived through for one shrinking: a minute or so; of a crowd, far longer."""


def shrink(story: Story, fails: Callable[[Story], bool]) -> Story:
    """The shortest story found for which ``fails`` still says yes. It must say so of ``story``."""
    tries = 0
    shorter = True
    while shorter:
        shorter = False
        for candidate in _shorter(story):
            tries += 1
            if tries > TRIES_MOST:
                return story
            # A crowd is too long for a file, until it is shorter.
            if (_can_be_told(candidate) or not _can_be_told(story)) and fails(candidate):
                story, shorter = candidate, True
                break
    return story


def _can_be_told(story: Story) -> bool:
    """Whether a file can hold it: what is shorter must still be a scenario."""
    try:
        read(write(story))
    except ScenarioError:
        return False
    return True


def _shorter(story: Story) -> Iterator[Story]:
    """Every story that is one thing shorter, what helps most first."""
    scenario = story.scenario
    for name in OF_STORIES:
        for shorter in _each_without(getattr(story, name)):
            left: dict[str, Any] = {name: shorter}
            yield replace(story, **left)
    for name in OF_SCENARIOS:
        for shorter in _each_without(getattr(scenario, name)):
            changed: dict[str, Any] = {name: shorter}
            yield _of(story, replace(scenario, **changed))
    if scenario.kill_switch:
        yield replace(story, scenario=replace(scenario, kill_switch=()))
    for fleet in scenario.fleet:
        yield from _smaller(story, fleet)
    if scenario.durations != Durations():
        yield replace(story, scenario=replace(scenario, durations=Durations()))
    yield from _plainer(story)


def _each_without(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """``items`` without the first, without the second, ..."""
    return (items[:n] + items[n + 1 :] for n in range(len(items)))


def _smaller(story: Story, fleet: Fleet) -> Iterator[Story]:
    scenario = story.scenario
    named = {name for fault in scenario.faults for name in fault.on} | {m.on for m in story.meddling}
    named |= {name for reply in scenario.answers for name in reply.on}
    used = [int(name.rpartition("-")[2]) for name in named if name.rpartition("-")[0] == fleet.name]
    if not used and len(scenario.fleet) > 1:
        rest = tuple(f for f in scenario.fleet if f is not fleet)
        groups = tuple(g for g in scenario.target_groups if g.name != fleet.target_group)
        yield _of(story, replace(scenario, fleet=rest, target_groups=groups))
    if fleet.count > max(used, default=1):
        yield _of(story, _with(scenario, fleet, replace(fleet, count=fleet.count - 1)))
    if fleet.traits:
        yield _of(story, _with(scenario, fleet, replace(fleet, traits=())))
    if fleet.target_group:
        groups = tuple(g for g in scenario.target_groups if g.name != fleet.target_group)
        yield _of(story, replace(_with(scenario, fleet, replace(fleet, target_group="")), target_groups=groups))


def _of(story: Story, scenario: Scenario) -> Story:
    return replace(story, scenario=scenario)


def _with(scenario: Scenario, old: Fleet, new: Fleet) -> Scenario:
    return replace(scenario, fleet=tuple(new if f is old else f for f in scenario.fleet))


def _plainer(story: Story) -> Iterator[Story]:
    """Each with one key of the policy at its default."""
    table = tomllib.loads(story.policy_text)
    for path in list(_keys(table)):
        if path[0] == "defib" or path[-1] in ("match", "tell", "email", "service", "fleet_alarm"):
            continue
        text = tomli_w.dumps(_dropped(table, path))
        try:
            yield replace(story, policy_text=text, policy=parse(text))
        except PolicyError:
            continue


def _keys(table: dict[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _keys(value, (*at, key))
        else:
            yield (*at, key)


def _dropped(table: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    head, *rest = path
    if not rest:
        return {key: value for key, value in table.items() if key != head}
    return {**table, head: _dropped(table[head], tuple(rest))}
