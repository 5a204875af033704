"""EC2 Auto Scaling as boto3 sees it: groups that replace members which don't run or are called unhealthy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from defib.core.membership import ENTERING_STANDBY, IN_SERVICE, STANDBY
from defib.core.model import CheckStatus, InstanceState
from sim.boundary import Answers, Params, Refusal, Response
from sim.clock import VirtualTime
from sim.machine import Machine
from sim.physics import Physics
from sim.scaled import MOVES_IN, PENDING, TERMINATING, Member, Scaled, Traffic, dead, description, hold
from sim.scaling_group import ScalingGroup
from sim.scenario import Fault
from sim.warm_pool import GONE, WarmPools

LOOKS_EVERY = timedelta(seconds=30)
"""How soon a group notices; EC2 Auto Scaling gives no figure."""


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
        self._pools = WarmPools(time, physics, launch)
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
        return next((g.arn for g in self.groups.values() if instance_id in {**g.members, **g.pool}), "")

    def waits_in_pool(self, machine: Machine) -> bool:
        """Whether it is in the warm pool of its group, and no member yet."""
        return any(machine.instance_id in group.pool for group in self.groups.values())

    def _look(self, group: Scaled) -> None:
        for member in list(group.members.values()):
            running = member.machine.shown.state is InstanceState.RUNNING
            if member.lifecycle == PENDING and running:
                self._arrived(group, member)
            elif member.lifecycle == IN_SERVICE and not (running and member.healthy and self._answers(member)):
                self._replace(group, member)
            elif member.is_leaving and not member.is_held and member.machine.state is InstanceState.TERMINATED:
                del group.members[member.machine.instance_id]
        self._pools.look(group)

    def _answers(self, member: Member) -> bool:
        """Whether no application status check that counts is impaired (EC2 User Guide, Application status checks)."""
        check = member.machine.application
        return check is None or check.shown(self._time.now) is not CheckStatus.IMPAIRED

    def _arrived(self, group: Scaled, member: Member) -> None:
        """It runs: into service, once a hook has let it go on, and not before is it a target, or is its health checked.

        (EC2 Auto Scaling User Guide, How lifecycle hooks work.)
        """
        serve, abandon = partial(self._into_service, group, member), partial(self._abandon, group, member)
        if member.returns:
            serve()
        else:
            hold(self._time, group, member, serve, abandon)

    def _into_service(self, group: Scaled, member: Member) -> None:
        member.lifecycle = IN_SERVICE
        if group.traffic is not None and member.machine.shown.state is InstanceState.RUNNING:
            group.traffic.enter(member.machine)

    def _abandon(self, group: Scaled, member: Member) -> None:
        """Its launch has come to nothing: it is terminated without further hooks, and another launched."""
        member.lifecycle = TERMINATING
        self._terminate(member)
        self._put_in_place_of(group, member)

    def _replace(self, group: Scaled, member: Member) -> None:
        """It takes no traffic any more when a hook holds it, and is terminated whatever comes of the hook."""
        member.lifecycle = TERMINATING
        drains = self._out_of_target_group(group, member)
        ends = partial(self._terminate, member)
        if group.spec.terminating.is_there:
            self._time.after(drains, partial(hold, self._time, group, member, ends, ends))
        else:
            ends()
        self._put_in_place_of(group, member)

    def _terminate(self, member: Member) -> None:
        if member.machine.state not in GONE:
            self._physics.terminate(member.machine)

    def _put_in_place_of(self, group: Scaled, member: Member) -> None:
        """One from the warm pool, or a new one."""
        group.replacements += 1
        ready = self._pools.take(group)
        if ready is None:
            group.launches += 1
            new = self._launch(member.machine, dead(group))
            self.join(new, group.spec.name)
        else:
            new = ready.machine
        self.replaced[member.machine.name] = new

    def _out_of_target_group(self, group: Scaled, member: Member) -> timedelta:
        """How long its open requests are drained."""
        return group.traffic.leave(member.machine) if group.traffic is not None else timedelta(0)

    def _describe(self, params: Params) -> Response:
        names = params.get("AutoScalingGroupNames") or list(self.groups)
        return {"AutoScalingGroups": [description(self.groups[name]) for name in names if name in self.groups]}

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
            member.lifecycle, member.returns = PENDING, True
            self._time.after(MOVES_IN, lambda g=group, m=member: self._into_service(g, m))  # type: ignore[misc]  # mypy infers no type for a lambda's default
        return {"Activities": []}

    def _move(self, member: Member, by: str, to: str, takes: timedelta) -> None:
        member.lifecycle = by

        def arrive() -> None:
            member.lifecycle = to

        self._time.after(takes, arrive)
