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
from sim.scenario import Durations, Fleet, Scenario, TargetGroup
from sim.scenario_file import ScenarioError

OF_STORIES = ("redeployed", "spells", "meddling", "drills", "asked", "moved", "posted", "edited", "published")
OF_SCENARIOS = ("faults", "answers", "drill_answers", "unreachable", "aws_shifts", "health_issues")
"""What may be left out, one at a time, what helps most first."""
TRIES_MOST = 400
"""Stories lived through for one shrinking: a minute or so."""
CROWD = 16
"""Machines of a fleet that is halved first."""
MACHINES_MOST = 30_000
"""Machines in them, all told: some minutes of a crowd, which is left longer than it could be."""


def shrink(story: Story, fails: Callable[[Story], bool], most: int = TRIES_MOST) -> Story:
    """The shortest story found in ``most`` tries for which ``fails`` still says yes. It must say so of ``story``."""
    tries = machines = 0
    shorter = True
    while shorter:
        shorter = False
        for candidate in _shorter(story):
            tries, machines = tries + 1, machines + sum(fleet.count for fleet in candidate.scenario.fleet)
            if tries > most or machines > MACHINES_MOST:
                return story
            # A crowd is too long for a file, until it is shorter.
            if (can_be_told(candidate) or not can_be_told(story)) and fails(candidate):
                story, shorter = candidate, True
                break
    return story


def can_be_told(story: Story) -> bool:
    """Whether a file can hold it: what is shorter must still be a scenario."""
    try:
        read(write(story))
    except ScenarioError:
        return False
    return True


def _shorter(story: Story) -> Iterator[Story]:
    """Every story that is one thing shorter, what helps most first."""
    scenario = story.scenario
    for fleet in scenario.fleet:
        if fleet.count >= CROWD:
            yield _halved(story, fleet)
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
    """``items`` without the first half, without the second, without each quarter, and so on down to each single one."""
    size = len(items)
    while size > 1:
        size = (size + 1) // 2
        yield from (items[:n] + items[n + size :] for n in range(0, len(items), size))
    if len(items) == 1:
        yield ()


def _halved(story: Story, fleet: Fleet) -> Story:
    """Without the second half of the fleet, and without what befalls that."""
    scenario, count = story.scenario, fleet.count // 2

    def left(names: tuple[str, ...]) -> tuple[str, ...]:
        gone = {f"{fleet.name}-{number}" for number in range(count + 1, fleet.count + 1)}
        return tuple(name for name in names if name not in gone)

    faults = tuple(replace(f, on=left(f.on)) for f in scenario.faults if left(f.on))
    answers = tuple(replace(a, on=left(a.on)) for a in scenario.answers if left(a.on) or not a.on)
    meddling = tuple(m for m in story.meddling if left((m.on,)))
    smaller = replace(_with(scenario, fleet, replace(fleet, count=count)), faults=faults, answers=answers)
    return replace(story, scenario=smaller, meddling=meddling)


def _smaller(story: Story, fleet: Fleet) -> Iterator[Story]:
    scenario = story.scenario
    named = {name for fault in scenario.faults for name in fault.on} | {m.on for m in story.meddling}
    named |= {name for reply in scenario.answers for name in reply.on}
    used = [int(name.rpartition("-")[2]) for name in named if name.rpartition("-")[0] == fleet.name]
    if not used and len(scenario.fleet) > 1:
        rest = tuple(f for f in scenario.fleet if f is not fleet)
        yield _of(story, replace(scenario, fleet=rest, target_groups=_behind(scenario, rest)))
    least = max(used, default=1)
    for count in sorted({least, (least + fleet.count) // 2, fleet.count - 1}):
        if least <= count < fleet.count:
            yield _of(story, _with(scenario, fleet, replace(fleet, count=count)))
    if fleet.traits:
        yield _of(story, _with(scenario, fleet, replace(fleet, traits=())))
    if fleet.target_group:
        alone = _with(scenario, fleet, replace(fleet, target_group=""))
        yield _of(story, replace(alone, target_groups=_behind(scenario, alone.fleet)))


def _behind(scenario: Scenario, fleets: tuple[Fleet, ...]) -> tuple[TargetGroup, ...]:
    """The target groups that any of these fleets is behind: two may share one."""
    used = {fleet.target_group for fleet in fleets}
    return tuple(group for group in scenario.target_groups if group.name in used)


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
