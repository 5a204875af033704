"""Target groups: health from the truth of the instances, at the load balancer's own pace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sim.faults import FaultKind
from sim.world import World
from tests.sim.small_world import restart, run_for, strike

TENTH = timedelta(seconds=10)


def arn(world: World) -> str:
    return next(iter(world.balancing.groups))


def health(world: World, name: str = "web-1") -> tuple[str, str]:
    target: Any = {"Id": world.machines[name].instance_id, "Port": 80}
    answer = boto3.client("elbv2").describe_target_health(TargetGroupArn=arn(world), Targets=[target])
    found = answer["TargetHealthDescriptions"][0]["TargetHealth"]
    return found["State"], found.get("Reason", "")


def change(world: World, operation: str) -> None:
    target = {"Id": world.machines["web-1"].instance_id, "Port": 80}
    getattr(boto3.client("elbv2"), operation)(TargetGroupArn=arn(world), Targets=[target])


def test_a_target_becomes_unhealthy_after_two_failed_checks(quiet: World) -> None:
    strike(quiet, FaultKind.APPLICATION_DOWN)
    run_for(quiet, TENTH)
    assert health(quiet) == ("healthy", "")

    run_for(quiet, TENTH)
    assert health(quiet) == ("unhealthy", "Target.Timeout")
    assert health(quiet, "web-2") == ("healthy", "")


def test_a_target_that_works_again_takes_three_passed_checks(quiet: World) -> None:
    strike(quiet, FaultKind.APPLICATION_DOWN, lasts=timedelta(minutes=1))
    run_for(quiet, timedelta(seconds=79))
    assert health(quiet)[0] == "unhealthy"

    run_for(quiet, timedelta(seconds=12))
    assert health(quiet)[0] == "healthy"


def test_a_stopped_target_is_unused_and_starts_over_when_it_runs_again(quiet: World) -> None:
    machine = quiet.machines["web-1"]
    boto3.client("ec2").stop_instances(InstanceIds=[machine.instance_id])
    run_for(quiet, timedelta(minutes=2))
    assert health(quiet) == ("unused", "Target.InvalidState")

    boto3.client("ec2").start_instances(InstanceIds=[machine.instance_id])
    run_for(quiet, timedelta(seconds=21))
    assert health(quiet)[0] == "initial"
    run_for(quiet, timedelta(seconds=90))
    assert health(quiet)[0] == "healthy"


def test_a_deregistered_target_drains_for_the_whole_delay(quiet: World) -> None:
    change(quiet, "deregister_targets")
    run_for(quiet, timedelta(seconds=29))
    assert health(quiet) == ("draining", "Target.DeregistrationInProgress")

    run_for(quiet, timedelta(seconds=2))
    assert health(quiet) == ("unused", "Target.NotRegistered")


def test_a_target_registered_again_is_healthy_after_one_passed_check(quiet: World) -> None:
    change(quiet, "deregister_targets")
    run_for(quiet, timedelta(minutes=1))
    change(quiet, "register_targets")
    assert health(quiet) == ("initial", "Elb.RegistrationInProgress")

    run_for(quiet, TENTH)
    assert health(quiet)[0] == "healthy"


def test_an_instance_that_does_not_run_cannot_be_registered(quiet: World) -> None:
    machine = strike(quiet, FaultKind.STOPPED_UNASKED)
    change(quiet, "deregister_targets")
    run_for(quiet, timedelta(minutes=2))

    with pytest.raises(ClientError, match="InvalidTarget"):
        change(quiet, "register_targets")
    assert machine.state == "stopped"


def test_without_a_question_for_targets_only_those_registered_or_draining_are_named(quiet: World) -> None:
    change(quiet, "deregister_targets")
    elb = boto3.client("elbv2")
    assert len(elb.describe_target_health(TargetGroupArn=arn(quiet))["TargetHealthDescriptions"]) == 2

    run_for(quiet, timedelta(minutes=1))
    (left,) = elb.describe_target_health(TargetGroupArn=arn(quiet))["TargetHealthDescriptions"]
    assert left["Target"]["Id"] == quiet.machines["web-2"].instance_id


def test_a_restarted_instance_takes_its_place_again(quiet: World) -> None:
    machine = strike(quiet, FaultKind.ZOMBIE)
    run_for(quiet, timedelta(minutes=1))
    assert health(quiet)[0] == "unhealthy"

    restart(quiet, machine)
    assert health(quiet)[0] == "healthy"
