"""What holds members of Auto Scaling groups between two states, and what waits beside them: hooks and warm pools."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from sim.faults import FaultKind
from sim.fuzz.story import Story
from sim.scaling_group import Hook, HookResult, PoolState, ScalingGroup, WarmPool
from sim.scenario import Fault, Fleet, Scenario
from sim.scenario_value import Trait

ONE_OF = 2
"""One of so many groups has a hook or a warm pool."""
HOLDS = (20, 120, 300, 900, 2400)
"""After how many seconds the action of a hook is completed, if its heartbeat is no shorter."""
HEARTBEATS = (60, 600, 3600)
"""After how many it times out."""

WRONG = (FaultKind.HUNG_KERNEL, FaultKind.SYSTEM_IMPAIRED, FaultKind.STOPPED_UNASKED, FaultKind.TERMINATED)
ONE_THERE_FAILS = 0.6


def with_hooks(story: Story, random: Random) -> Story:
    """The story with some, where it has groups."""
    scenario = story.scenario
    groups = tuple(_drawn(group, scenario.fleet, random) for group in scenario.groups)
    pooled = {group.name for group in groups if group.warm_pool.size}
    wrong = (_in_the_pool(fleet, scenario, random) for fleet in scenario.fleet if fleet.group in pooled)
    faults = (*scenario.faults, *(fault for fault in wrong if fault is not None))
    ordered = tuple(sorted(faults, key=lambda fault: fault.at))
    return replace(story, scenario=replace(scenario, groups=groups, faults=ordered))


def _in_the_pool(fleet: Fleet, scenario: Scenario, random: Random) -> Fault | None:
    """The first that its group keeps in the warm pool fails there, or when it has long taken a member's place."""
    if random.random() > ONE_THERE_FAILS:
        return None
    at = timedelta(seconds=random.randint(90, int(scenario.until.total_seconds() * 0.8)))
    return Fault(at=at, on=(f"{fleet.name}-{fleet.count + 1}",), kind=random.choice(WRONG))


def _drawn(group: ScalingGroup, fleets: tuple[Fleet, ...], random: Random) -> ScalingGroup:
    if random.randrange(ONE_OF):
        return group
    if random.random() < 0.6:
        group = replace(group, launching=_hook(random))
    if random.random() < 0.6:
        group = replace(group, terminating=_hook(random))
    if random.random() < 0.6:
        group = replace(group, warm_pool=WarmPool(random.choice((1, 2, 3)), _state(group, fleets, random)))
    return group


def _hook(random: Random) -> Hook:
    heartbeat = random.choice(HEARTBEATS)
    holds = min(random.choice(HOLDS), heartbeat)
    result = random.choice((*HookResult,))
    return Hook(timedelta(seconds=holds), random.choice((0, 0, 1, 3)), timedelta(seconds=heartbeat), result)


def _state(group: ScalingGroup, fleets: tuple[Fleet, ...], random: Random) -> PoolState:
    """Hibernated only what may hibernate."""
    may = all(Trait.HIBERNATION in fleet.traits for fleet in fleets if fleet.group == group.name)
    if may and random.random() < 0.5:
        return PoolState.HIBERNATED
    return random.choices((PoolState.STOPPED, PoolState.RUNNING), (3, 1))[0]
