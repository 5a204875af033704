"""The simulated ARC: one shift of a load balancer is in effect, and ends when it is cancelled or its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from defib.core.shift import Move
from sim.health import zone_id_of
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


def autoshifts(world: World) -> list[tuple[str, str]]:
    known = arc().get_managed_resource(resourceIdentifier=balancer(world))["autoshifts"]
    return [(shift["awayFrom"], shift["appliedStatus"]) for shift in known]


HOUR = timedelta(hours=1)


def test_awss_own_shift_gives_way_to_a_persons_and_takes_effect_again_after_it(world: World) -> None:
    world.shifts.begin("use1-az2", HOUR, practice=False)
    assert autoshifts(world) == [("use1-az2", "APPLIED")]

    shift = start(world)
    assert autoshifts(world) == [("use1-az2", "NOT_APPLIED")]
    assert [shown["appliedStatus"] for shown in shifts(world)] == ["APPLIED"]

    arc().cancel_zonal_shift(zonalShiftId=shift)
    assert autoshifts(world) == [("use1-az2", "APPLIED")]
    run_for(world, HOUR)
    assert autoshifts(world) == []


@pytest.mark.parametrize("by_person", [True, False])
def test_a_practice_run_ends_when_any_other_shift_begins_and_begins_beside_none(world: World, by_person: bool) -> None:
    world.shifts.begin("use1-az2", HOUR, practice=True)
    assert [(s["shiftType"], s["appliedStatus"]) for s in shifts(world)] == [("PRACTICE_RUN", "APPLIED")]

    if by_person:
        start(world)
    else:
        world.shifts.begin("use1-az1", HOUR, practice=False)
    world.shifts.begin("use1-az4", HOUR, practice=True)

    assert "PRACTICE_RUN" not in {shown["shiftType"] for shown in shifts(world)}


def test_a_target_in_the_zone_is_as_healthy_as_before_and_kept_out(world: World) -> None:
    (group,) = world.balancing.groups.values()
    zones = {target.machine.instance_id: target.machine.zone for target in group.targets.values()}

    world.shifts.begin(zone_id_of("us-east-1a"), HOUR, practice=False)

    described = boto3.client("elbv2", region_name=REGION).describe_target_health(TargetGroupArn=group.arn)
    kept_out = {d["Target"]["Id"] for d in described["TargetHealthDescriptions"] if "AdministrativeOverride" in d}
    assert {d["TargetHealth"]["State"] for d in described["TargetHealthDescriptions"]} == {"healthy"}
    assert kept_out == {id_ for id_, zone in zones.items() if zone == "us-east-1a"} != set()
