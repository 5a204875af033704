"""The floor: what AWS imposes on anybody, by an agent that knows the cure at the second failed sample."""

from __future__ import annotations

from datetime import timedelta

from defib.core.model import CheckStatus, InstanceState, TargetHealth
from sim.compare.rivals.alarm import any_check
from sim.compare.stage import NO_ROOM, Stage
from sim.faults import Cure, FaultKind
from sim.fuzz.cloud import GONE
from sim.machine import Machine

SAMPLES = 2
RETRIES_EVERY = timedelta(seconds=1)


class Floor:
    """No agent can be quicker without acting on a single failed sample. It knows what nobody can know."""

    name = "the floor"
    model = (
        "Not a product: an agent that knows the right cure and carries it out at the second failed sample, or as soon "
        "as AWS shows the state or the load balancer the target, forces what would be stuck at once, and asks for a "
        "refused start every second. What it needs is AWS's alone."
    )

    def watch(self, stage: Stage) -> None:
        _Oracle(stage)


class _Oracle:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._failed = 0
        self._acted = False
        stage.on_sample.append(self._sampled)
        stage.on_state.append(self._state)
        stage.time.every(RETRIES_EVERY, stage.time.now + RETRIES_EVERY, self._look)

    def _sampled(self, machine: Machine) -> None:
        if machine is not self._stage.victim:
            return
        failing = any(check.status is CheckStatus.IMPAIRED for check in any_check(machine))
        self._failed = self._failed + 1 if failing else 0
        # What never passed since its launch has failed since then.
        if self._failed >= SAMPLES or machine.view.instance.impaired_since == machine.launched_at:
            self._cure(machine)

    def _look(self) -> None:
        machine, balancer = self._stage.victim, self._stage.balancer
        if balancer is not None and balancer.health.get(machine.instance_id) is TargetHealth.UNHEALTHY:
            checks = any(check.status is CheckStatus.IMPAIRED for check in any_check(machine))
            if not checks and machine.suffers(FaultKind.APPLICATION_DOWN) is not None:
                self._cure(machine)
        if machine.state is InstanceState.STOPPED and machine.suffers(FaultKind.STOPPED_BY_PERSON) is None:
            self._start(machine)

    def _cure(self, machine: Machine) -> None:
        wrong = [active for active in machine.lasting if active.fault.kind is not FaultKind.FAILED_SAMPLE]
        if self._acted or not wrong or machine.state in GONE:
            return
        self._acted = True
        self._stage.tell()
        if any(Cure.REBOOT in active.cured_by for active in wrong):
            self._stage.reboot(machine)
        else:
            self._stage.stop(machine, force=machine.suffers(FaultKind.STUCK_STOPPING) is not None)

    def _state(self, machine: Machine) -> None:
        if machine.state is InstanceState.STOPPING and machine is self._stage.victim:
            self._acted = True

    def _start(self, machine: Machine) -> None:
        if machine.suffers(FaultKind.FAILING_KEY) is None and self._stage.start(machine) not in ("", NO_ROOM):
            raise AssertionError(f"{machine.name} is {machine.state}")
