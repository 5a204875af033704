"""The simulated ARC: one shift of a load balancer at a time, which ends when it is cancelled or its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from defib.core.shift import Move
from sim.template import REGION
from sim.world import World
from tests.sim import small_world
from tests.sim.small_world import run_for


@pytest.fixture
def world() -> Iterator[World]:
    with small_world.world() as entered:
        yield entered


def balancer(world: World) -> str:
    (group,) = world.balancing.groups.values()
    return f"{group.arn.partition(':targetgroup/')[0]}:loadbalancer/{group.load_balancer}"


def arc() -> Any:
    return boto3.client("arc-zonal-shift", region_name=REGION)


def start(world: World, lasts: str = "3h") -> str:
    begun = arc().start_zonal_shift(
        resourceIdentifier=balancer(world), awayFrom="use1-az4", expiresIn=lasts, comment="because"
    )
    return str(begun["zonalShiftId"])


def shifts(world: World) -> list[dict[str, Any]]:
    return list(arc().get_managed_resource(resourceIdentifier=balancer(world))["zonalShifts"])


def test_a_shift_is_shown_until_it_is_cancelled(world: World) -> None:
    shift = start(world)
    (shown,) = shifts(world)
    assert (shown["zonalShiftId"], shown["awayFrom"], shown["appliedStatus"]) == (shift, "use1-az4", "APPLIED")

    arc().cancel_zonal_shift(zonalShiftId=shift)

    assert shifts(world) == []
    assert world.shifts.moves == [Move.START, Move.END]


def test_a_shift_ends_by_itself(world: World) -> None:
    shift = start(world, "5m")
    run_for(world, timedelta(minutes=5))

    assert shifts(world) == []
    with pytest.raises(ClientError, match="ConflictException"):
        arc().cancel_zonal_shift(zonalShiftId=shift)


def test_there_is_one_shift_of_a_load_balancer_at_a_time(world: World) -> None:
    start(world)

    with pytest.raises(ClientError, match="ConflictException"):
        start(world)


@pytest.mark.parametrize("lasts", ["73h", "4321m"])
def test_no_shift_lasts_longer_than_three_days(world: World, lasts: str) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        start(world, lasts)


def test_what_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        arc().get_managed_resource(resourceIdentifier=f"{balancer(world)}0")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        arc().cancel_zonal_shift(zonalShiftId="unknown")
