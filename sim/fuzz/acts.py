"""What Defib does to EC2, in memory (ports.Actor). Raises what the edges raise, and nothing else.

Auto Scaling groups and application status checks are acted on by the edges themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never

from defib.aws import group, suppress
from defib.core.case import Action, Attempt, Case
from defib.core.model import InstanceState, Observation
from defib.shell.ports import Rejected, Transient
from sim.fuzz.cloud import Cloud
from sim.machine import Machine
from sim.physics import PERSON
from sim.scenario_value import Trait
from sim.traits import architecture


class Acts:
    """``ports.Actor`` over the cloud."""

    def __init__(self, cloud: Cloud, suppress_for: timedelta) -> None:
        self._cloud = cloud
        self._suppress_for = suppress_for
        self._scaling = cloud.calls.client("autoscaling")
        self._ec2 = cloud.calls.client("ec2")

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        machine, action = self._cloud.machines[case.instance_id], attempt.action
        match action:
            case Action.EVIDENCE:
                return f"s3://evidence/{case.service}/{case.id}/"
            case Action.REBOOT:
                self._reboot(machine)
            case Action.STOP | Action.FORCE_STOP | Action.SKIP_OS_SHUTDOWN:
                self._stop(machine, action)
            case Action.START:
                self._start(machine)
            case Action.RESIZE:
                return self._resize(machine, attempt.to)
            case Action.DRAIN | Action.RESTORE:
                self._register(machine, action)
            case Action.REPLACE:
                return group.replace(self._scaling, case.instance_id)
            case Action.ENTER_STANDBY:
                return group.enter_standby(self._scaling, case.instance_id, observation.group)
            case Action.EXIT_STANDBY:
                return group.exit_standby(self._scaling, case.instance_id, observation.group)
            case Action.SUPPRESS_CHECK | Action.RESUME_CHECK:
                lasts = self._suppress_for if action is Action.SUPPRESS_CHECK else None
                return suppress.perform(self._ec2, case.instance_id, lasts)
            case _:
                assert_never(action)
        return ""

    def _reboot(self, machine: Machine) -> None:
        _require(machine, (InstanceState.RUNNING,), "rebooted")
        self._cloud.physics.reboot(machine)
        self._cloud.time.after(timedelta(minutes=2), lambda: self._cloud.note(machine))

    def _stop(self, machine: Machine, action: Action) -> None:
        _require(machine, (InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED), "stopped")
        if Trait.STOP_PROTECTION in machine.traits:
            raise Rejected("it may not be stopped", "OperationNotPermitted")
        if machine.state is not InstanceState.STOPPED:
            self._cloud.physics.stop(machine, PERSON, action is not Action.STOP, action is Action.SKIP_OS_SHUTDOWN)

    def _start(self, machine: Machine) -> None:
        _require(machine, (InstanceState.STOPPED, InstanceState.PENDING, InstanceState.RUNNING), "started")
        if machine.state is not InstanceState.STOPPED:
            return
        full = machine.lacks_room()
        if full is not None:
            self._cloud.physics.refuse_start(full)
            raise Transient("no capacity", "InsufficientInstanceCapacity")
        self._cloud.physics.start(machine)

    def _resize(self, machine: Machine, to: str) -> str:
        _require(machine, (InstanceState.STOPPED,), "modified")
        if architecture(to) != architecture(machine.instance_type):
            raise Rejected(f"{to} has another architecture", "ArchitectureMismatch")
        before, machine.instance_type = machine.instance_type, to
        return f"{to} instead of {before}"

    def _register(self, machine: Machine, action: Action) -> None:
        balancer = self._cloud.balancer_of(machine)
        assert balancer is not None, f"{machine.name} is behind no load balancer"
        if action is Action.DRAIN:
            balancer.deregister(machine)
            return
        if machine.state is not InstanceState.RUNNING:
            raise Rejected("it is not in a running state and cannot be registered", "InvalidTarget")
        balancer.register(machine)


def _require(machine: Machine, states: Sequence[InstanceState], done: str) -> None:
    if machine.state not in states:
        message = f"{machine.instance_id} is {machine.state}, and can't be {done}"
        raise Transient(message, "IncorrectInstanceState")
