"""An EC2 Auto Scaling group that replaces what is unhealthy."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.model import InstanceState, TargetHealth
from sim.compare.stage import Stage, impaired
from sim.fuzz.cloud import GONE
from sim.groups import LOOKS_EVERY
from sim.machine import Machine

IMPAIRED_FOR = timedelta(minutes=2)
GRACE = timedelta(minutes=5)
"""The console's default (EC2 Auto Scaling User Guide, Health check grace period)."""


class ScalingGroup:
    """EC2, EBS and load balancer health checks; the new instance is launched before the old one is terminated."""

    name = "Auto Scaling"
    model = (
        "A group over three zones with the EC2, EBS and load balancer health checks, a grace period of 300 s, and a "
        "maintenance policy that launches before it terminates (EC2 Auto Scaling User Guide, *Health checks for "
        "instances in an Auto Scaling group*, *Instance maintenance policies*). What is not running is replaced at "
        "once; an impaired check after *a few minutes*, here 2; it looks every 30 s, a judgement. A zone without room "
        "is avoided. Its SNS topic tells of each launch."
    )

    def watch(self, stage: Stage) -> None:
        _Group(stage)


class _Group:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._since: dict[str, datetime] = {}
        self._awaited: dict[str, Machine] = {}
        """Old instance to the new one that takes its place."""
        first = stage.time.now + LOOKS_EVERY * stage.random.random()
        stage.time.every(LOOKS_EVERY, first, self._look)

    def _look(self) -> None:
        for machine in list(self._stage.machines):
            new = self._awaited.get(machine.instance_id)
            if new is None:
                self._judge(machine)
            elif new.shown.state is InstanceState.RUNNING:
                self._stage.terminate(machine)

    def _judge(self, machine: Machine) -> None:
        shown = machine.shown.state
        if machine.launched_at > self._stage.time.now or shown is InstanceState.PENDING:
            return
        if shown in GONE and machine.state is InstanceState.TERMINATED and machine.last_boot is None:
            return
        if shown is InstanceState.RUNNING and not self._impaired(machine):
            return
        new = self._stage.launch(machine)
        if new is not None:
            self._stage.tell()
            self._awaited[machine.instance_id] = new

    def _impaired(self, machine: Machine) -> bool:
        now = self._stage.time.now
        if now - machine.launched_at < GRACE:
            return False
        balancer = self._stage.balancer
        if balancer is not None and balancer.health.get(machine.instance_id) is TargetHealth.UNHEALTHY:
            return True
        if not impaired(machine, system=True, instance=True, ebs=True):
            self._since.pop(machine.instance_id, None)
            return False
        return now - self._since.setdefault(machine.instance_id, now) >= IMPAIRED_FOR
