"""A person who is paged, as on April 30th, when it took an hour."""

from __future__ import annotations

from datetime import timedelta

from defib.core.model import InstanceState, TargetHealth
from sim.compare.rivals.alarm import any_check
from sim.compare.stage import NO_ROOM, Stage
from sim.faults import Cure, FaultKind
from sim.machine import Machine
from sim.physics import PERSON as STOPPED_BY_SOMEBODY

PAGED_EVERY = timedelta(seconds=30)
PAGED_AFTER = timedelta(minutes=2)
"""Of a failed check, a stopped instance, or an unhealthy target."""
REACTS = (timedelta(minutes=38), timedelta(minutes=68))
"""From the page to the right act: with the repair itself, the original hour, give or take a quarter."""
TRIES_EVERY = timedelta(minutes=5)
FORCES_AFTER = timedelta(minutes=10)


class Person:
    """Knows what each fault needs, and touches nothing that works."""

    name = "a person"
    model = (
        "Paged after 2 minutes of a failed check, a stopped instance or an unhealthy target; then as quick as on April "
        "30th, when the outage lasted an hour: 38 to 68 minutes from the page to the first act. A judgement that rests "
        "on one night. Does then what the fault needs at once, forces a stop after 10 minutes, tries a refused start "
        "again every 5, touches nothing that works or that somebody stopped, and gives up disks and addresses "
        "knowingly."
    )

    def watch(self, stage: Stage) -> None:
        _OnCall(stage)


class _OnCall:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._wrong_for = timedelta(0)
        self._paged = False
        stage.time.every(PAGED_EVERY, stage.time.now + PAGED_EVERY * stage.random.random(), self._look)

    def _look(self) -> None:
        machine = self._stage.victim
        self._wrong_for = self._wrong_for + PAGED_EVERY if self._wrong(machine) else timedelta(0)
        if self._wrong_for < PAGED_AFTER or self._paged:
            return
        self._paged = True
        self._stage.tell()
        least, most = REACTS
        self._stage.time.after(least + (most - least) * self._stage.random.random(), lambda: self._act(machine))

    def _wrong(self, machine: Machine) -> bool:
        if machine.shown.state is InstanceState.STOPPED:
            return machine.shown.reason_code != STOPPED_BY_SOMEBODY[0]
        balancer = self._stage.balancer
        unhealthy = balancer is not None and balancer.health.get(machine.instance_id) is TargetHealth.UNHEALTHY
        return unhealthy or any(check.status.value == "impaired" for check in any_check(machine))

    def _act(self, machine: Machine) -> None:
        if machine.works(self._stage.time.now):
            return
        if machine.state is InstanceState.STOPPED:
            self._start(machine)
        elif any(Cure.REBOOT in active.cured_by for active in machine.lasting):
            self._stage.reboot(machine)
        else:
            self._stage.on_state.append(lambda m: self._start(m) if m is machine else None)
            self._stage.stop(machine)
            self._stage.time.after(FORCES_AFTER, lambda: self._force(machine))

    def _force(self, machine: Machine) -> None:
        if machine.state is InstanceState.STOPPING and machine.suffers(FaultKind.STUCK_STOPPING) is not None:
            self._stage.stop(machine, force=True)

    def _start(self, machine: Machine) -> None:
        if machine.state is not InstanceState.STOPPED:
            return
        refused = self._stage.start(machine)
        if refused == NO_ROOM or machine.suffers(FaultKind.FAILING_KEY) is not None:
            self._stage.time.after(TRIES_EVERY, lambda: self._start(machine))
