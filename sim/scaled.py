"""One Auto Scaling group as it is: its members, those that wait in its warm pool, and what the API says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from defib.core.membership import IN_SERVICE
from sim.boundary import Response
from sim.clock import VirtualTime
from sim.faults import FaultKind
from sim.machine import Machine
from sim.scaling_group import HookResult, ScalingGroup
from sim.scenario import Fault
from sim.template import ACCOUNT, REGION

MOVES_IN = timedelta(seconds=5)
"""From Standby, or from the end of a lifecycle hook, to service."""
PENDING, TERMINATING = "Pending", "Terminating"
WAITS, PROCEEDS = ":Wait", ":Proceed"
"""How the LifecycleState ends of what a lifecycle hook holds, and of what it has let go on."""


class Traffic(Protocol):
    """The target group of an Auto Scaling group."""

    def enter(self, machine: Machine) -> None:
        """A member enters service."""
        ...

    def leave(self, machine: Machine) -> timedelta:
        """A member leaves service; returns how long its open requests are drained."""
        ...


@dataclass
class Member:
    """One instance of a group."""

    machine: Machine
    lifecycle: str
    healthy: bool = True
    returns: bool = False
    """Whether it comes from Standby: no document says that a lifecycle hook holds it then, too."""

    @property
    def is_leaving(self) -> bool:
        return self.lifecycle.startswith(TERMINATING)

    @property
    def is_held(self) -> bool:
        """Whether a lifecycle hook holds it."""
        return self.lifecycle.endswith(WAITS)


@dataclass
class Scaled:
    """One group and its members, by instance id."""

    spec: ScalingGroup
    desired: int
    tags: Mapping[str, str]
    traffic: Traffic | None = None
    members: dict[str, Member] = field(default_factory=dict)
    pool: dict[str, Member] = field(default_factory=dict)
    """Those in its warm pool, which are no members yet."""
    held: Counter[bool] = field(default_factory=Counter)
    """How many instances its lifecycle hooks have held: what leaves, and what arrives."""
    launches: int = 0
    """How many machines it has launched."""
    replacements: int = 0
    """How many machines have taken the place of others."""

    @property
    def arn(self) -> str:
        uuid = "00000000-0000-4000-8000-000000000000"
        return f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:{uuid}:autoScalingGroupName/{self.spec.name}"

    @property
    def in_service(self) -> tuple[Member, ...]:
        return tuple(member for member in self.members.values() if member.lifecycle == IN_SERVICE)


def hold(
    time: VirtualTime, group: Scaled, member: Member, then: Callable[[], None], abandon: Callable[[], None]
) -> None:
    """Let a lifecycle hook, where there is one, hold what goes from one state to another.

    ``abandon`` follows where it times out, and that is to end what it holds.
    """
    moving = member.lifecycle
    leaves = TERMINATING in moving
    hook = group.spec.terminating if leaves else group.spec.launching
    if not hook.is_there:
        then()
        return
    group.held[leaves] += 1
    late = group.held[leaves] <= hook.times_out
    member.lifecycle = moving + WAITS

    def proceed() -> None:
        member.lifecycle = moving + PROCEEDS
        (abandon if late and hook.default_result is HookResult.ABANDON else then)()

    time.after(hook.heartbeat if late else hook.holds, proceed)


def dead(group: Scaled) -> Fault | None:
    """What is wrong with the machine launched now: no reboot or restart makes its broken image another one."""
    if group.launches > group.spec.dead_launches:
        return None
    return Fault(at=timedelta(0), on=(), kind=FaultKind.DEAD_ON_ARRIVAL, cured_by=(), lasts=group.spec.dead_for)


def description(group: Scaled) -> Response:
    """What DescribeAutoScalingGroups says of it: those in its warm pool are counted, and not listed."""
    pool = group.spec.warm_pool
    warm = {"MinSize": pool.size, "PoolState": pool.state.value.capitalize()}
    return {
        "AutoScalingGroupName": group.spec.name,
        "AutoScalingGroupARN": group.arn,
        "MinSize": group.spec.minimum,
        "MaxSize": max(group.desired, len(group.members)),
        "DesiredCapacity": group.desired,
        "AvailabilityZones": sorted({member.machine.zone for member in group.members.values()}),
        "Tags": [{"Key": k, "Value": v} for k, v in group.tags.items()],
        **({"WarmPoolConfiguration": warm, "WarmPoolSize": len(group.pool)} if pool.size else {}),
        "Instances": [
            {
                "InstanceId": member.machine.instance_id,
                "InstanceType": member.machine.instance_type,
                "AvailabilityZone": member.machine.zone,
                "LifecycleState": member.lifecycle,
                "HealthStatus": "Healthy" if member.healthy else "Unhealthy",
                "ProtectedFromScaleIn": False,
            }
            for member in group.members.values()
        ],
    }
