"""Karpenter's status path: a node whose status check is impaired is terminated, and pods get another."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.model import InstanceState
from sim.compare.stage import Stage, impaired
from sim.fuzz.cloud import GONE
from sim.machine import Machine

POLLS_EVERY = timedelta(minutes=1)
IMPAIRED_FOR = timedelta(seconds=120)
BATCH = timedelta(seconds=10)
"""From pods without a node to a launch (settings reference, BATCH_MAX_DURATION)."""


class Karpenter:
    """Nodes of a cluster; what runs on them is expected to run anywhere."""

    name = "Karpenter"
    model = (
        "karpenter-provider-aws at HEAD, `pkg/providers/instancestatus` and `pkg/controllers/interruption`: "
        "DescribeInstanceStatus once a minute; system or instance check impaired for 120 s, a scheduled event, or a "
        "node that stops: the NodeClaim is deleted, the instance terminated without regard to budgets, and a node "
        "launched for its pods within 10 s, of any zone with room. The EBS check and the application are not looked "
        "at. It writes Kubernetes events and tells nobody."
    )

    def watch(self, stage: Stage) -> None:
        _Controller(stage)


class _Controller:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._deleted: set[str] = set()
        stage.on_state.append(self._state)
        stage.on_event.append(self._delete)
        first = stage.time.now + POLLS_EVERY * stage.random.random()
        stage.time.every(POLLS_EVERY, first, self._poll)

    def _state(self, machine: Machine) -> None:
        if machine.state in (InstanceState.STOPPING, InstanceState.STOPPED, *GONE):
            self._delete(machine)

    def _poll(self) -> None:
        now = self._stage.time.now
        for machine in list(self._stage.machines):
            if impaired(machine, system=True, instance=True) and now - _since(machine) >= IMPAIRED_FOR:
                self._delete(machine)

    def _delete(self, machine: Machine) -> None:
        if machine.instance_id in self._deleted:
            return
        self._deleted.add(machine.instance_id)
        self._stage.time.after(timedelta(0), lambda: self._stage.terminate(machine))
        self._stage.time.after(BATCH, lambda: self._provision(machine))

    def _provision(self, machine: Machine) -> None:
        if self._stage.launch(machine) is None:
            self._stage.time.after(POLLS_EVERY, lambda: self._provision(machine))


def _since(machine: Machine) -> datetime:
    """``ImpairedSince`` of the check that failed first."""
    found = (machine.shown.system.impaired_since, machine.shown.instance.impaired_since)
    return min(at for at in found if at is not None)
