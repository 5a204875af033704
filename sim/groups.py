"""EC2 Auto Scaling as boto3 sees it: groups that replace members which don't run or are called unhealthy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from defib.core.membership import ENTERING_STANDBY, IN_SERVICE, STANDBY
from defib.core.model import CheckStatus, InstanceState
from sim.boundary import Answers, Params, Refusal, Response
from sim.clock import VirtualTime
from sim.faults import FaultKind
from sim.machine import Machine
from sim.physics import Physics
from sim.scenario import Fault, ScalingGroup
from sim.template import ACCOUNT, REGION

LOOKS_EVERY = timedelta(seconds=30)
"""How soon a group notices; EC2 Auto Scaling gives no figure."""
MOVES_IN = timedelta(seconds=5)
"""From Standby to service."""
PENDING, TERMINATING = "Pending", "Terminating"


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


@dataclass
class Scaled:
    """One group and its members, by instance id."""

    spec: ScalingGroup
    desired: int
    tags: Mapping[str, str]
    traffic: Traffic | None = None
    members: dict[str, Member] = field(default_factory=dict)
    launches: int = 0
    """How many machines it has launched in the place of others."""

    @property
    def arn(self) -> str:
        uuid = "00000000-0000-4000-8000-000000000000"
        return f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:{uuid}:autoScalingGroupName/{self.spec.name}"


class AutoScaling:
    """The Auto Scaling API over the true machines; ``launch`` makes the machine that takes another's place.

    Its second argument is what is wrong with the machine from the first, as from a broken image.
    """

    def __init__(
        self,
        time: VirtualTime,
        physics: Physics,
        boundary: Answers,
        launch: Callable[[Machine, Fault | None], Machine],
    ) -> None:
        self._time = time
        self._physics = physics
        self._launch = launch
        self.groups: dict[str, Scaled] = {}
        self.replaced: dict[str, Machine] = {}
        """By name, what took its place."""
        boundary.answer("autoscaling:DescribeAutoScalingGroups", self._describe)
        boundary.answer("autoscaling:SetInstanceHealth", self._set_health)
        boundary.answer("autoscaling:EnterStandby", self._enter_standby)
        boundary.answer("autoscaling:ExitStandby", self._exit_standby)

    def create(self, spec: ScalingGroup, desired: int, tags: Mapping[str, str], traffic: Traffic | None) -> None:
        """A group that will have ``desired`` members in service."""
        self.groups[spec.name] = Scaled(spec, desired, tags, traffic)
        self._time.every(LOOKS_EVERY, self._time.now + LOOKS_EVERY, lambda: self._look(self.groups[spec.name]))

    def join(self, machine: Machine, group: str) -> None:
        """A machine launched into its group; one that runs already has long been in service."""
        running = machine.state is InstanceState.RUNNING
        self.groups[group].members[machine.instance_id] = Member(machine, IN_SERVICE if running else PENDING)

    def tags_of(self, arn: str) -> Mapping[str, str]:
        """The tags of the group with this ARN."""
        return next((g.tags for g in self.groups.values() if g.arn == arn), {})

    def arn_of(self, instance_id: str) -> str:
        """The ARN of the instance's group, or empty."""
        return next((g.arn for g in self.groups.values() if instance_id in g.members), "")

    def _look(self, group: Scaled) -> None:
        for member in list(group.members.values()):
            running = member.machine.shown.state is InstanceState.RUNNING
            if member.lifecycle == PENDING and running:
                self._into_service(group, member)
            elif member.lifecycle == IN_SERVICE and not (running and member.healthy and self._answers(member)):
                self._replace(group, member)
            elif member.lifecycle == TERMINATING and member.machine.state is InstanceState.TERMINATED:
                del group.members[member.machine.instance_id]

    def _answers(self, member: Member) -> bool:
        """Whether no application status check that counts is impaired (EC2 User Guide, Application status checks)."""
        check = member.machine.application
        return check is None or check.shown(self._time.now) is not CheckStatus.IMPAIRED

    def _into_service(self, group: Scaled, member: Member) -> None:
        member.lifecycle = IN_SERVICE
        if group.traffic is not None:
            group.traffic.enter(member.machine)

    def _replace(self, group: Scaled, member: Member) -> None:
        member.lifecycle = TERMINATING
        self._out_of_target_group(group, member)
        if member.machine.state not in (InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED):
            self._physics.terminate(member.machine)
        group.launches += 1
        new = self._launch(member.machine, _dead(group))
        self.replaced[member.machine.name] = new
        self.join(new, group.spec.name)

    def _out_of_target_group(self, group: Scaled, member: Member) -> timedelta:
        """How long its open requests are drained."""
        return group.traffic.leave(member.machine) if group.traffic is not None else timedelta(0)

    def _describe(self, params: Params) -> Response:
        names = params.get("AutoScalingGroupNames") or list(self.groups)
        return {"AutoScalingGroups": [_description(self.groups[name]) for name in names if name in self.groups]}

    def _member(self, instance_id: str) -> tuple[Scaled, Member]:
        for group in self.groups.values():
            if instance_id in group.members:
                return group, group.members[instance_id]
        raise Refusal("ValidationError", f"Instance Id not found - No managed instance found for {instance_id}")

    def _set_health(self, params: Params) -> Response:
        _, member = self._member(params["InstanceId"])
        member.healthy = params["HealthStatus"] == "Healthy"
        return {}

    def _enter_standby(self, params: Params) -> Response:
        for instance_id in params["InstanceIds"]:
            group, member = self._member(instance_id)
            if member.lifecycle != IN_SERVICE:
                raise Refusal("ValidationError", f"The instance {instance_id} is not in InService.")
            if not params["ShouldDecrementDesiredCapacity"] or group.desired <= group.spec.minimum:
                raise Refusal(
                    "ValidationError", f"AutoScalingGroup {group.spec.name} has min-size={group.spec.minimum}."
                )
            group.desired -= 1
            self._move(member, ENTERING_STANDBY, STANDBY, self._out_of_target_group(group, member) + MOVES_IN)
        return {"Activities": []}

    def _exit_standby(self, params: Params) -> Response:
        for instance_id in params["InstanceIds"]:
            group, member = self._member(instance_id)
            if member.lifecycle != STANDBY:
                raise Refusal("ValidationError", f"The instance {instance_id} is not in Standby.")
            group.desired += 1
            member.lifecycle = PENDING
            self._time.after(MOVES_IN, lambda g=group, m=member: self._into_service(g, m))  # type: ignore[misc]  # mypy infers no type for a lambda's default
        return {"Activities": []}

    def _move(self, member: Member, by: str, to: str, takes: timedelta) -> None:
        member.lifecycle = by

        def arrive() -> None:
            member.lifecycle = to

        self._time.after(takes, arrive)


def _dead(group: Scaled) -> Fault | None:
    """What is wrong with the machine launched now: no reboot or restart makes its broken image another one."""
    if group.launches > group.spec.dead_launches:
        return None
    return Fault(at=timedelta(0), on=(), kind=FaultKind.DEAD_ON_ARRIVAL, cured_by=(), lasts=group.spec.dead_for)


def _description(group: Scaled) -> Response:
    return {
        "AutoScalingGroupName": group.spec.name,
        "AutoScalingGroupARN": group.arn,
        "MinSize": group.spec.minimum,
        "MaxSize": max(group.desired, len(group.members)),
        "DesiredCapacity": group.desired,
        "AvailabilityZones": sorted({member.machine.zone for member in group.members.values()}),
        "Tags": [{"Key": k, "Value": v} for k, v in group.tags.items()],
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
