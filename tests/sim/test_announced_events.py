"""What AWS announces, and what becomes of it: seen through boto3 as Defib sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from sim.faults import EventCode, FaultKind
from sim.machine import ActiveFault, Machine
from sim.scenario import Fault
from sim.world import World
from tests.sim.small_world import run_for, world

HOUR = timedelta(hours=1)


def announce(world: World, code: EventCode, lasts: timedelta | None = None) -> Machine:
    """AWS announces it for web-1, an hour ahead."""
    machine = world.machines["web-1"]
    kind = FaultKind.EVENT_ANNOUNCED
    active = ActiveFault(
        Fault(timedelta(0), ("web-1",), kind, lasts=lasts, event=code, due_in=HOUR), machine, world.time.now
    )
    world.recorder.struck(active)
    world.physics.strike(active)
    return machine


def found(code: str) -> list[dict[str, Any]]:
    filters: Any = [{"Name": "event.code", "Values": [code]}]
    return [dict(s) for s in boto3.client("ec2").describe_instance_status(Filters=filters)["InstanceStatuses"]]


def test_an_announced_event_is_found_by_its_code_on_an_instance_that_works() -> None:
    with world() as small:
        machine = announce(small, EventCode.RETIREMENT)

        (status,) = found("instance-retirement")

        assert status["InstanceId"] == machine.instance_id
        assert status["InstanceStatus"]["Status"] == "ok"
        assert status["Events"][0]["NotBefore"] == small.time.now + HOUR
        assert found("instance-stop") == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (EventCode.RETIREMENT, "Server.ScheduledStop"),
        (EventCode.STOP, "Server.ScheduledStop"),
        (EventCode.SYSTEM_REBOOT, ""),
        (EventCode.MAINTENANCE, ""),
    ],
)
def test_at_its_time_aws_does_what_it_has_announced(code: EventCode, reason: str) -> None:
    with world() as small:
        machine = announce(small, code)
        run_for(small, HOUR + timedelta(minutes=5))

        assert machine.state.value == ("stopped" if reason else "running")
        assert machine.view.reason_code == reason
        assert (machine.last_boot is not None) is not bool(reason)


def test_who_has_another_host_by_then_is_spared() -> None:
    with world() as small:
        machine = announce(small, EventCode.STOP)
        ec2 = boto3.client("ec2")
        ec2.stop_instances(InstanceIds=[machine.instance_id])
        run_for(small, timedelta(minutes=5))
        ec2.start_instances(InstanceIds=[machine.instance_id])
        run_for(small, timedelta(minutes=5))

        assert found("instance-stop")[0]["Events"][0]["Description"].startswith("[Completed]")
        run_for(small, HOUR)
        assert machine.state.value == "running"


def test_what_aws_calls_off_does_not_happen() -> None:
    with world() as small:
        machine = announce(small, EventCode.STOP, lasts=timedelta(minutes=10))
        run_for(small, HOUR + timedelta(minutes=5))

        assert machine.state.value == "running"
