"""Judges of zonal shifts say that an invariant is broken where it is: traffic goes where it never should."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.aws.zonal_shift import ArcRouter
from defib.core.shift import Move
from sim.fuzz.cloud import ZONE_IDS
from sim.fuzz.nth import scenario_story
from sim.fuzz.world import World
from tests.fuzz.worlds import MINUTE, broken, later, told

breaks = pytest.mark.breaks


@breaks("shifted")
def test_traffic_that_goes_to_an_impaired_zone_though_people_believe_otherwise_is_found() -> None:
    story = scenario_story("zonal-shift")
    for_good = tuple(replace(fault, lasts=None) for fault in story.scenario.faults)
    world = World(replace(story, scenario=replace(story.scenario, faults=for_good)))
    later(world, 8 * MINUTE)
    (shift,) = world.cloud.shifts.all
    shift.cancelled = True
    later(world, 10 * MINUTE)
    assert "shifted" in broken(world)


def test_traffic_that_leaves_a_zone_in_which_all_works_is_found() -> None:
    """Though what Defib remembers says that the zone is impaired."""
    world = told("zonal-shift", 5 * MINUTE)
    balancer = next(iter(world.cloud._shifted))
    impaired = world.store.whole.impaired
    assert impaired
    world.store.whole = replace(world.store.whole, impaired=(replace(impaired[0], zone="us-east-1d"),))
    world.judge.shift(Move.START, balancer, ZONE_IDS[impaired[0].zone])
    world.judge.shift(Move.START, balancer, ZONE_IDS["us-east-1d"])
    assert [line.partition(",")[0] for line in world.judge.broken] == [
        f"needless: traffic is shifted away from {zone}" for zone in (impaired[0].zone, "us-east-1d")
    ]


def test_traffic_that_never_comes_back_is_found() -> None:
    world = told("zonal-shift")
    balancer = next(iter(world.cloud._shifted))
    arc = ArcRouter(lambda: world.cloud.calls.client("arc-zonal-shift"))
    arc.start(balancer, ZONE_IDS["us-east-1d"], 60 * MINUTE, "it fails")
    assert not world.judge.settled()
    for _ in range(22):
        later(world, MINUTE)
        world.judge.tick()
    assert any(line.startswith("ends: the traffic of") for line in world.judge.broken)
