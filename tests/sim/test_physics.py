"""How simulated instances behave, seen through boto3 as Defib sees them. Durations are those of small_world."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sim.faults import Cure, FaultKind
from sim.machine import Machine
from sim.world import World
from tests.sim.small_world import restart, run_for, strike, world

MINUTE = timedelta(minutes=1)


def status(machine: Machine, **more: Any) -> dict[str, Any]:
    """What DescribeInstanceStatus says of it."""
    answer = boto3.client("ec2").describe_instance_status(InstanceIds=[machine.instance_id], **more)
    return dict(answer["InstanceStatuses"][0])


def described(machine: Machine) -> dict[str, Any]:
    answer = boto3.client("ec2").describe_instances(InstanceIds=[machine.instance_id])
    return dict(answer["Reservations"][0]["Instances"][0])


def summaries(machine: Machine) -> tuple[str, str, str]:
    """System, instance and attached-EBS check."""
    found = status(machine)
    return tuple(found[part]["Status"] for part in ("SystemStatus", "InstanceStatus", "AttachedEbsStatus"))


def test_a_stop_and_a_start_take_their_time(quiet: World) -> None:
    machine, ec2 = quiet.machines["web-1"], boto3.client("ec2")
    states: list[tuple[int, str]] = []

    ec2.stop_instances(InstanceIds=[machine.instance_id])
    for second in range(0, 200, 10):
        if second == 100:
            ec2.start_instances(InstanceIds=[machine.instance_id])
        state = described(machine)["State"]["Name"]
        if not states or states[-1][1] != state:
            states.append((second, state))
        run_for(quiet, timedelta(seconds=10))

    assert states == [(0, "stopping"), (60, "stopped"), (100, "pending"), (120, "running")]


def test_a_start_renews_the_launch_time(quiet: World) -> None:
    machine, ec2 = quiet.machines["web-1"], boto3.client("ec2")
    ec2.stop_instances(InstanceIds=[machine.instance_id])
    run_for(quiet, 2 * MINUTE)
    ec2.start_instances(InstanceIds=[machine.instance_id])

    assert described(machine)["LaunchTime"] == quiet.time.now


def test_after_a_start_the_checks_are_initializing_for_a_while(quiet: World) -> None:
    machine, ec2 = quiet.machines["web-1"], boto3.client("ec2")
    ec2.stop_instances(InstanceIds=[machine.instance_id])
    run_for(quiet, 2 * MINUTE)
    ec2.start_instances(InstanceIds=[machine.instance_id])

    run_for(quiet, timedelta(seconds=30))
    assert summaries(machine) == ("initializing", "initializing", "initializing")
    run_for(quiet, timedelta(minutes=2))
    assert summaries(machine) == ("ok", "ok", "ok")


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (FaultKind.ZOMBIE, ("ok", "impaired", "ok")),
        (FaultKind.HUNG_KERNEL, ("ok", "impaired", "ok")),
        (FaultKind.SYSTEM_IMPAIRED, ("impaired", "impaired", "ok")),
        (FaultKind.EBS_IMPAIRED, ("ok", "ok", "impaired")),
        (FaultKind.APPLICATION_DOWN, ("ok", "ok", "ok")),
    ],
)
def test_a_fault_shows_in_its_checks_within_a_minute(
    quiet: World, kind: FaultKind, shown: tuple[str, str, str]
) -> None:
    machine = strike(quiet, kind)
    run_for(quiet, MINUTE)

    assert summaries(machine) == shown
    assert described(machine)["State"]["Name"] == "running"
    assert not machine.works(quiet.time.now)


def test_an_impaired_check_says_since_when(quiet: World) -> None:
    struck = quiet.time.now
    machine = strike(quiet, FaultKind.ZOMBIE)
    run_for(quiet, 3 * MINUTE)

    since = status(machine)["InstanceStatus"]["Details"][0]["ImpairedSince"]
    assert struck <= since <= struck + MINUTE


def test_a_reboot_cures_a_hung_kernel_but_not_a_zombie(quiet: World) -> None:
    for kind, shown in ((FaultKind.ZOMBIE, "impaired"), (FaultKind.HUNG_KERNEL, "ok")):
        machine = strike(quiet, kind)
        run_for(quiet, MINUTE)
        boto3.client("ec2").reboot_instances(InstanceIds=[machine.instance_id])
        run_for(quiet, 3 * MINUTE)

        assert summaries(machine)[1] == shown
        machine.faults.clear()


def test_a_restart_cures_a_zombie(quiet: World) -> None:
    machine = strike(quiet, FaultKind.ZOMBIE)
    restart(quiet, machine)

    assert summaries(machine) == ("ok", "ok", "ok")
    assert machine.works(quiet.time.now)


def test_a_fault_may_take_more_than_one_cure(quiet: World) -> None:
    machine = strike(quiet, FaultKind.ZOMBIE, Cure.RESTART, after=2)
    restart(quiet, machine)
    assert summaries(machine)[1] == "impaired"

    restart(quiet, machine)
    assert summaries(machine)[1] == "ok"


def test_what_comes_up_impaired_has_been_impaired_since_its_launch(quiet: World) -> None:
    machine = strike(quiet, FaultKind.NEVER_BOOTS)
    assert machine.works(quiet.time.now)
    restart(quiet, machine)

    since: datetime = status(machine)["InstanceStatus"]["Details"][0]["ImpairedSince"]
    assert since == described(machine)["LaunchTime"]


def test_a_fault_may_end_by_itself(quiet: World) -> None:
    machine = strike(quiet, FaultKind.SYSTEM_IMPAIRED, lasts=2 * MINUTE)
    run_for(quiet, MINUTE)
    assert summaries(machine)[0] == "impaired"

    run_for(quiet, 2 * MINUTE)
    assert summaries(machine)[0] == "ok"


def test_a_failed_sample_is_gone_with_the_next_one(quiet: World) -> None:
    machine = strike(quiet, FaultKind.FAILED_SAMPLE)
    run_for(quiet, MINUTE)
    assert summaries(machine)[1] == "impaired"
    assert machine.works(quiet.time.now)

    run_for(quiet, MINUTE)
    assert summaries(machine)[1] == "ok"


def test_a_stuck_stop_ends_only_when_forced(quiet: World) -> None:
    machine, ec2 = strike(quiet, FaultKind.STUCK_STOPPING), boto3.client("ec2")
    ec2.stop_instances(InstanceIds=[machine.instance_id])
    run_for(quiet, timedelta(hours=1))
    assert described(machine)["State"]["Name"] == "stopping"

    ec2.stop_instances(InstanceIds=[machine.instance_id], Force=True)
    run_for(quiet, MINUTE)
    assert described(machine)["State"]["Name"] == "stopped"


def test_a_stuck_start_stays_pending(quiet: World) -> None:
    machine = strike(quiet, FaultKind.STUCK_PENDING)
    restart(quiet, machine)

    assert described(machine)["State"]["Name"] == "pending"


def test_a_start_is_refused_while_there_is_no_capacity(quiet: World) -> None:
    machine, ec2 = strike(quiet, FaultKind.START_CAPACITY, after=2), boto3.client("ec2")
    ec2.stop_instances(InstanceIds=[machine.instance_id])
    run_for(quiet, 2 * MINUTE)

    for _ in range(2):
        with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
            ec2.start_instances(InstanceIds=[machine.instance_id])
    ec2.start_instances(InstanceIds=[machine.instance_id])
    assert described(machine)["State"]["Name"] == "pending"


@pytest.mark.parametrize(
    ("kind", "code", "transition"),
    [
        (FaultKind.STOPPED_UNASKED, "Server.InternalError", ""),
        (FaultKind.STOPPED_BY_PERSON, "Client.UserInitiatedShutdown", "User initiated (2026-04-30 12:00:00 GMT)"),
    ],
)
def test_ec2_says_whether_anyone_asked_for_a_stop(quiet: World, kind: FaultKind, code: str, transition: str) -> None:
    machine = strike(quiet, kind)
    run_for(quiet, 2 * MINUTE)

    found = described(machine)
    assert found["State"]["Name"] == "stopped"
    assert found["StateReason"]["Code"] == code
    assert found["StateTransitionReason"] == transition


def test_reads_lag_behind_what_has_happened() -> None:
    with world(read_lag="2s") as entered:
        machine = entered.machines["web-1"]
        boto3.client("ec2").stop_instances(InstanceIds=[machine.instance_id])

        assert described(machine)["State"]["Name"] == "running"
        run_for(entered, timedelta(seconds=2))
        assert described(machine)["State"]["Name"] == "stopping"
