"""A load balancer's target group in memory: who is registered, and what it says of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from defib.core.model import InstanceState, TargetHealth
from sim.clock import VirtualTime
from sim.machine import Machine
from sim.scenario import TargetGroup

AN_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/0123456789abcdef"
INITIAL = timedelta(seconds=20)
"""From a registration until the load balancer's first checks have passed."""


class Balancer:
    """One target group: who is registered, and what the load balancer says of each."""

    def __init__(self, spec: TargetGroup, configured: str, time: VirtualTime) -> None:
        """``configured`` is the ARN that the policy gives it, or empty."""
        self.spec = spec
        self.by_address = spec.by_address
        """Whether it has its targets by address: then Defib finds no instance in it (decision 63)."""
        self.asked = bool(configured) and not spec.by_address
        """Whether Defib asks it who is unhealthy, and learns that."""
        self.arn = configured or AN_ARN.format(name=spec.name)
        self.manageable = spec.opted_in or bool(configured)
        self._time = time
        self.turned_unhealthy: Callable[[Machine], None] = lambda _: None
        self.health: dict[str, TargetHealth] = {}
        self.drained_at: dict[str, datetime] = {}

    def settle(self, machine: Machine) -> None:
        """It has long been a healthy target."""
        self.health[machine.instance_id] = TargetHealth.HEALTHY

    def register(self, machine: Machine) -> None:
        self.drained_at.pop(machine.instance_id, None)
        self.health[machine.instance_id] = TargetHealth.INITIAL
        self._time.after(INITIAL, lambda: self.note(machine))

    def deregister(self, machine: Machine) -> None:
        if self.health.get(machine.instance_id) is None:
            return
        self.drained_at[machine.instance_id] = self._time.now
        self.health[machine.instance_id] = TargetHealth.DRAINING
        self._time.after(self.spec.deregistration_delay, lambda: self._drained(machine))

    def note(self, machine: Machine) -> None:
        """The machine may work, or may not, from this moment; the load balancer finds out by its checks."""
        shown = self.health.get(machine.instance_id)
        if shown is None or shown is TargetHealth.DRAINING:
            return
        if machine.state is not InstanceState.RUNNING:
            self.health[machine.instance_id] = TargetHealth.UNUSED
            return
        works = machine.works(self._time.now)
        wanted = TargetHealth.HEALTHY if works else TargetHealth.UNHEALTHY
        if shown is wanted:
            return
        if shown is TargetHealth.UNUSED:
            self.health[machine.instance_id] = TargetHealth.INITIAL if works else TargetHealth.UNHEALTHY
        checks = self.spec.healthy_after if works else self.spec.unhealthy_after
        self._time.after(self.spec.check_every * checks, lambda: self._flip(machine, wanted))

    def enter(self, machine: Machine) -> None:
        """What an Auto Scaling group does for a member that enters service (sim.groups.Traffic)."""
        self.register(machine)

    def leave(self, machine: Machine) -> timedelta:
        self.deregister(machine)
        return self.spec.deregistration_delay

    def _flip(self, machine: Machine, wanted: TargetHealth) -> None:
        shown = self.health.get(machine.instance_id)
        still = machine.state is InstanceState.RUNNING and machine.works(self._time.now) is (
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
