"""A CloudWatch alarm on a status-check metric of one instance: so many breaching minutes in a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from defib.core.model import CheckStatus
from sim.compare.stage import Stage
from sim.machine import CheckView, Machine

EVALUATES_EVERY = timedelta(minutes=1)
"""Of alarms with a period of a minute (CloudWatch User Guide, Alarm evaluation)."""


def alarm(
    stage: Stage, of: Callable[[Machine], tuple[CheckView, ...]], minutes: int, fires: Callable[[Machine], None]
) -> None:
    """Call ``fires`` each time that any check of ``of`` has failed ``minutes`` samples in a row, once until it passes.

    A minute without a sample is missing data, which keeps an alarm as it is (treat missing data: missing).
    """
    failed: dict[str, int] = {}
    firing: set[str] = set()

    def sampled(machine: Machine) -> None:
        breaching = any(check.status is CheckStatus.IMPAIRED for check in of(machine))
        failed[machine.instance_id] = failed.get(machine.instance_id, 0) + 1 if breaching else 0

    def evaluate() -> None:
        for machine in list(stage.machines):
            count = failed.get(machine.instance_id, 0)
            if count == 0:
                firing.discard(machine.instance_id)
            elif count >= minutes and machine.instance_id not in firing:
                firing.add(machine.instance_id)
                fires(machine)

    stage.on_sample.append(sampled)
    stage.time.every(EVALUATES_EVERY, stage.time.now + EVALUATES_EVERY * stage.random.random(), evaluate)


def system_check(machine: Machine) -> tuple[CheckView, ...]:
    """``StatusCheckFailed_System``."""
    return (machine.view.system,)


def instance_check(machine: Machine) -> tuple[CheckView, ...]:
    """``StatusCheckFailed_Instance``."""
    return (machine.view.instance,)


def any_check(machine: Machine) -> tuple[CheckView, ...]:
    """``StatusCheckFailed``."""
    return (machine.view.system, machine.view.instance, machine.view.attached_ebs)
