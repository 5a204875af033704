"""DescribeInstanceStatus filters on the server, which moto does not."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from sim.faults import FaultKind
from sim.world import World
from tests.sim.small_world import run_for, strike


def names(world: World, *filters: tuple[str, str]) -> list[str]:
    answer = boto3.client("ec2").describe_instance_status(
        Filters=[{"Name": name, "Values": [value]} for name, value in filters]
    )
    by_id = {machine.instance_id: name for name, machine in world.machines.items()}
    return [by_id[status["InstanceId"]] for status in answer["InstanceStatuses"]]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([("instance-status.status", "impaired")], ["web-1"]),
        ([("system-status.status", "impaired")], []),
        ([("instance-status.status", "ok")], ["web-2", "other-1"]),
        ([("instance-status.status", "impaired"), ("system-status.status", "ok")], ["web-1"]),
        ([("instance-status.reachability", "failed")], ["web-1"]),
        ([("attached-ebs-status.status", "impaired")], []),
        ([("application-status.status", "impaired")], []),
        ([("event.code", "instance-stop")], []),
        ([("instance-state-name", "running")], ["web-1", "web-2", "other-1"]),
    ],
)
def test_each_filter_chooses_and_all_must_match(quiet: World, filters: list[tuple[str, str]], found: list[str]) -> None:
    strike(quiet, FaultKind.ZOMBIE)
    run_for(quiet, timedelta(minutes=1))

    assert names(quiet, *filters) == found


def test_an_unknown_filter_is_refused_as_ec2_refuses_it(quiet: World) -> None:
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        names(quiet, ("tag:service", "web"))
