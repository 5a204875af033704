"""Load balancers: target groups in moto, their targets' health from the truth of the instances behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import boto3
from moto.elbv2.models import elbv2_backends

from defib.core.model import InstanceState, TargetHealth
from sim.boundary import Boundary, Params, Refusal, Response
from sim.clock import VirtualTime
from sim.ec2 import Ec2
from sim.health import zone_id_of
from sim.machine import Machine
from sim.scenario import TargetGroup
from sim.template import ACCOUNT, REGION
from sim.traits import address_of

if TYPE_CHECKING:
    from mypy_boto3_elbv2.literals import TargetTypeEnumType

PORT = 80
Key = tuple[str, int]

REASONS = {
    TargetHealth.INITIAL: ("Elb.RegistrationInProgress", "Target registration is in progress"),
    TargetHealth.UNHEALTHY: ("Target.Timeout", "Request timed out"),
    TargetHealth.DRAINING: ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
}
INVALID_STATE = "Target.InvalidState"
"""Of a target that does not run. All four: ELBv2 API, TargetHealth."""
KEPT_OUT = {
    "State": "zonal_shift_active",
    "Reason": "AdministrativeOverride.ZonalShiftActive",
    "Description": "No traffic is sent to the target: its zone is shifted away from",
}
"""ELBv2 API, AdministrativeOverride."""


@dataclass
class Target:
    """One registration."""

    machine: Machine
    port: int
    health: TargetHealth = TargetHealth.INITIAL
    passed: int = 0
    failed: int = 0
    drained_at: datetime | None = None


@dataclass
class Group:
    """One target group and its targets, by instance and port."""

    spec: TargetGroup
    arn: str
    load_balancer: str
    targets: dict[Key, Target] = field(default_factory=dict)

    def unhealthy(self) -> int:
        """The UnHealthyHostCount metric."""
        return sum(1 for t in self.targets.values() if t.health is TargetHealth.UNHEALTHY)

    def health_of(self, instance_id: str) -> TargetHealth | None:
        """What it shows of an instance; None when it was never registered here."""
        return next((t.health for (i, _), t in self.targets.items() if i == instance_id), None)


def shown_health(health: TargetHealth, spec: TargetGroup) -> TargetHealth:
    """How it is called where an unhealthy target keeps its connections (ELBv2 API, TargetHealth)."""
    drains = spec.drains_unhealthy and health is TargetHealth.UNHEALTHY
    return TargetHealth.UNHEALTHY_DRAINING if drains else health


def load_balancer_arn(group: Group) -> str:
    return f"{group.arn.partition(':targetgroup/')[0]}:loadbalancer/{group.load_balancer}"


class LoadBalancing:
    """The ELBv2 API over the true machines."""

    def __init__(
        self, time: VirtualTime, random: Random, ec2: Ec2, boundary: Boundary, changed: Callable[[Machine], None]
    ) -> None:
        self._time = time
        self._random = random
        self._ec2 = ec2
        self._changed = changed
        self.kept_from: Callable[[str], str] = lambda _: ""
        """The id of the zone that the traffic of the load balancer of that ARN is shifted away from, or empty."""
        self.groups: dict[str, Group] = {}
        boundary.answer("elbv2:DescribeTargetHealth", self._describe_target_health)
        boundary.answer("elbv2:RegisterTargets", self._register)
        boundary.answer("elbv2:DeregisterTargets", self._deregister)

    def create(
        self, spec: TargetGroup, subnets: Sequence[str], vpc: str, tags: Mapping[str, str], arn: str = ""
    ) -> Group:
        """A target group behind a load balancer of its own; ``arn`` where a policy names it already."""
        client = boto3.client("elbv2", region_name=REGION)
        balancer = client.create_load_balancer(Name=spec.name, Subnets=list(subnets))["LoadBalancers"][0]
        kind: TargetTypeEnumType = "ip" if spec.by_address else "instance"
        made = client.create_target_group(Name=spec.name, Protocol="HTTP", Port=PORT, VpcId=vpc, TargetType=kind)[
            "TargetGroups"
        ][0]["TargetGroupArn"]
        if arn and arn != made:
            backend = elbv2_backends[ACCOUNT][REGION]
            backend.target_groups[arn] = backend.target_groups.pop(made)
            backend.target_groups[arn].arn = arn
            made = arn
        client.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=PORT,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": made}],
        )
        if tags:
            client.add_tags(ResourceArns=[made], Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
        group = Group(spec, made, balancer["LoadBalancerArn"].partition("loadbalancer/")[2])
        self.groups[made] = group
        self._time.every(
            spec.check_every, self._time.now + spec.check_every * self._random.random(), lambda: self._check(group)
        )
        return group

    def join(self, group: Group, machine: Machine) -> None:
        """Begin with a target that has long been healthy."""
        group.targets[machine.instance_id, PORT] = Target(machine, PORT, TargetHealth.HEALTHY)

    def enter(self, group: Group, machine: Machine) -> None:
        """What the Auto Scaling group does for a member that enters service."""
        self._register({"TargetGroupArn": group.arn, "Targets": [{"Id": machine.instance_id}]})

    def leave(self, group: Group, machine: Machine) -> None:
        """What the Auto Scaling group does for a member that leaves service."""
        self._deregister({"TargetGroupArn": group.arn, "Targets": [{"Id": machine.instance_id}]})

    def group_of(self, machine: Machine) -> Group | None:
        """The group that shows anything of the machine."""
        return next((g for g in self.groups.values() if g.health_of(machine.instance_id) is not None), None)

    def state_shown(self, machine: Machine) -> None:
        """EC2 shows another state of the machine: a target that doesn't run is unused, and starts over when it does."""
        group = self.group_of(machine)
        for target in group.targets.values() if group else ():
            if target.machine is not machine or target.health is TargetHealth.DRAINING:
                continue
            running = machine.shown.state is InstanceState.RUNNING
            if not running:
                self._set(target, TargetHealth.UNUSED)
            elif target.health is TargetHealth.UNUSED and target.drained_at is None:
                self._set(target, TargetHealth.INITIAL)

    def _check(self, group: Group) -> None:
        for target in group.targets.values():
            if target.health in (TargetHealth.DRAINING, TargetHealth.UNUSED):
                continue
            passes = target.machine.works(self._time.now)
            target.passed, target.failed = (target.passed + 1, 0) if passes else (0, target.failed + 1)
            # A new target is healthy after its first passed check (ELB User Guide, Health checks).
            needed = 1 if target.health is TargetHealth.INITIAL else group.spec.healthy_after
            if passes and target.passed >= needed and target.health is not TargetHealth.HEALTHY:
                self._set(target, TargetHealth.HEALTHY)
            if target.failed >= group.spec.unhealthy_after and target.health is not TargetHealth.UNHEALTHY:
                self._set(target, TargetHealth.UNHEALTHY)

    def _set(self, target: Target, health: TargetHealth) -> None:
        if target.health is health:
            return
        target.health = health
        target.passed = target.failed = 0
        self._changed(target.machine)

    def _group(self, params: Params) -> Group:
        group = self.groups.get(params["TargetGroupArn"])
        if group is None:
            raise Refusal("TargetGroupNotFound", f"Target groups '{params['TargetGroupArn']}' not found")
        return group

    def _describe_target_health(self, params: Params) -> Response:
        group = self._group(params)
        if "Targets" in params:
            keys = [(t["Id"], int(t.get("Port", PORT))) for t in params["Targets"]]
        else:
            keys = [key for key, target in group.targets.items() if not self._forgotten(target)]
        kept_from = self.kept_from(load_balancer_arn(group))
        return {"TargetHealthDescriptions": [self._description(group, key, kept_from) for key in keys]}

    def _description(self, group: Group, key: Key, kept_from: str) -> Response:
        target = group.targets.get(key)
        if target is None or self._forgotten(target):
            shown: Response = {
                "State": TargetHealth.UNUSED.value,
                "Reason": "Target.NotRegistered",
                "Description": "Target is not registered to the target group",
            }
        elif target.health is TargetHealth.UNUSED:
            shown = {
                "State": TargetHealth.UNUSED.value,
                "Reason": INVALID_STATE,
                "Description": f"Target is in the {target.machine.shown.state.value} state",
            }
        else:
            shown = {"State": shown_health(target.health, group.spec).value}
            if target.health in REASONS:
                shown["Reason"], shown["Description"] = REASONS[target.health]
        name = address_of(key[0]) if group.spec.by_address and target is not None else key[0]
        about: Response = {"Target": {"Id": name, "Port": key[1]}, "HealthCheckPort": str(PORT)}
        if target is not None and kept_from and zone_id_of(target.machine.zone) == kept_from:
            about["AdministrativeOverride"] = KEPT_OUT
        return {**about, "TargetHealth": shown}

    def _forgotten(self, target: Target) -> bool:
        """Whether the target has been deregistered and its delay is over."""
        return target.drained_at is not None and self._time.now >= target.drained_at

    def _register(self, params: Params) -> Response:
        group = self._group(params)
        for wanted in params["Targets"]:
            machine = self._ec2.machine(wanted["Id"])
            if machine.shown.state is not InstanceState.RUNNING:
                raise Refusal(
                    "InvalidTarget",
                    f"The following targets are not in a running state and cannot be registered: '{wanted['Id']}'",
                )
            key = (wanted["Id"], int(wanted.get("Port", PORT)))
            known = group.targets.get(key)
            if known is None or known.drained_at is not None:
                group.targets[key] = Target(machine, key[1])
                self._changed(machine)
        return {}

    def _deregister(self, params: Params) -> Response:
        group = self._group(params)
        for wanted in params["Targets"]:
            target = group.targets.get((wanted["Id"], int(wanted.get("Port", PORT))))
            if target is None or target.drained_at is not None:
                continue
            target.drained_at = self._time.now + group.spec.deregistration_delay
            self._set(target, TargetHealth.DRAINING)
            self._time.at(target.drained_at, lambda t=target: self._drained(t))  # type: ignore[misc]  # mypy infers no type for a lambda's default
        return {}

    def _drained(self, target: Target) -> None:
        if target.health is TargetHealth.DRAINING:
            self._set(target, TargetHealth.UNUSED)


@dataclass(frozen=True, slots=True)
class Behind:
    """``sim.groups.Traffic`` of one target group."""

    balancing: LoadBalancing
    group: Group

    def enter(self, machine: Machine) -> None:
        self.balancing.enter(self.group, machine)

    def leave(self, machine: Machine) -> timedelta:
        self.balancing.leave(self.group, machine)
        return self.group.spec.deregistration_delay
