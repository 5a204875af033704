"""A load balancer's target group in memory: who is registered, and what it says of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from defib.core.model import InstanceState, TargetHealth
from sim.boundary import Answers, Params, Refusal, Response
from sim.clock import VirtualTime
from sim.machine import Machine
from sim.scenario import TargetGroup

AN_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/0123456789abcdef"


class Balancer:
    """One target group: who is registered, and what the load balancer says of each."""

    def __init__(self, spec: TargetGroup, configured: str, time: VirtualTime, phase: float = 0.0) -> None:
        """``configured`` is the ARN that the policy gives it, or empty; ``phase`` what of a period is over at first."""
        self.spec = spec
        self.by_address = spec.by_address
        """Whether it has its targets by address: then Defib finds no instance in it (decision 63)."""
        self.asked = bool(configured) and not spec.by_address
        """Whether Defib asks it who is unhealthy, and learns that."""
        self.arn = configured or AN_ARN.format(name=spec.name)
        self.manageable = spec.opted_in or bool(configured)
        self._time = time
        self._checks_from = time.now + spec.check_every * phase
        self.turned_unhealthy: Callable[[Machine], None] = lambda _: None
        self.health: dict[str, TargetHealth] = {}
        self.drained_at: dict[str, datetime] = {}

    def settle(self, machine: Machine) -> None:
        """It has long been a healthy target."""
        self.health[machine.instance_id] = TargetHealth.HEALTHY

    def register(self, machine: Machine) -> None:
        """What is registered already, and not on its way out, stays as it is."""
        if machine.instance_id in self.health and machine.instance_id not in self.drained_at:
            return
        self.drained_at.pop(machine.instance_id, None)
        self.health[machine.instance_id] = TargetHealth.INITIAL
        self.note(machine)

    def deregister(self, machine: Machine) -> None:
        if machine.instance_id not in self.health or machine.instance_id in self.drained_at:
            return
        self.drained_at[machine.instance_id] = self._time.now
        self.health[machine.instance_id] = TargetHealth.DRAINING
        self._time.after(self.spec.deregistration_delay, lambda: self._drained(machine))

    def note(self, machine: Machine) -> None:
        """The machine may work, or may not, from this moment; the load balancer finds out by its checks."""
        shown = self.health.get(machine.instance_id)
        if shown is None or shown is TargetHealth.DRAINING:
            return
        if machine.shown.state is not InstanceState.RUNNING:
            self.health[machine.instance_id] = TargetHealth.UNUSED
            return
        works = machine.works(self._time.now)
        wanted = TargetHealth.HEALTHY if works else TargetHealth.UNHEALTHY
        if shown is wanted:
            return
        if shown is TargetHealth.UNUSED:
            shown = self.health[machine.instance_id] = TargetHealth.INITIAL
        # A new target is healthy after its first passed check (ELB User Guide, Health checks).
        passes = 1 if shown is TargetHealth.INITIAL else self.spec.healthy_after
        checks = passes if works else self.spec.unhealthy_after
        self._time.at(self._check(checks), lambda: self._flip(machine, wanted))

    def enter(self, machine: Machine) -> None:
        """What an Auto Scaling group does for a member that enters service (sim.groups.Traffic)."""
        self.register(machine)

    def leave(self, machine: Machine) -> timedelta:
        self.deregister(machine)
        return self.spec.deregistration_delay

    def _check(self, number: int) -> datetime:
        """When it makes the check of that number, counted from now."""
        made = (self._time.now - self._checks_from) // self.spec.check_every
        return self._checks_from + self.spec.check_every * (made + number)

    def _flip(self, machine: Machine, wanted: TargetHealth) -> None:
        shown = self.health.get(machine.instance_id)
        still = machine.shown.state is InstanceState.RUNNING and machine.works(self._time.now) is (
            wanted is TargetHealth.HEALTHY
        )
        if still and shown is not None and shown is not TargetHealth.DRAINING:
            self.health[machine.instance_id] = wanted
            if wanted is TargetHealth.UNHEALTHY:
                self.turned_unhealthy(machine)

    def _drained(self, machine: Machine) -> None:
        since = self.drained_at.get(machine.instance_id)
        if since is not None and self._time.now - since >= self.spec.deregistration_delay:
            self.health.pop(machine.instance_id, None)
            del self.drained_at[machine.instance_id]


class Balancers:
    """As much of the ELBv2 API as changes who is registered where."""

    def __init__(self, groups: Mapping[str, Balancer], machine: Callable[[str], Machine], calls: Answers) -> None:
        """``groups`` by name; ``machine`` is the one of that id, and raises Refusal where EC2 knows none."""
        self._groups = groups
        self._machine = machine
        calls.answer("elbv2:RegisterTargets", self._register)
        calls.answer("elbv2:DeregisterTargets", self._deregister)

    def _group(self, params: Params) -> Balancer:
        arn = params["TargetGroupArn"]
        found = next((group for group in self._groups.values() if group.arn == arn), None)
        if found is None:
            raise Refusal("TargetGroupNotFound", f"Target groups '{arn}' not found")
        return found

    def _register(self, params: Params) -> Response:
        group = self._group(params)
        for machine in [self._machine(target["Id"]) for target in params["Targets"]]:
            if machine.shown.state is not InstanceState.RUNNING:
                what = f"not in a running state and cannot be registered: '{machine.instance_id}'"
                raise Refusal("InvalidTarget", f"The following targets are {what}")
            group.register(machine)
        return {}

    def _deregister(self, params: Params) -> Response:
        group = self._group(params)
        for target in params["Targets"]:
            group.deregister(self._machine(target["Id"]))
        return {}
