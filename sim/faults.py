"""Kinds of faults: what each breaks while it lasts, and what usually ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong."""

    ZOMBIE = "zombie"
    HUNG_KERNEL = "hung_kernel"
    SYSTEM_IMPAIRED = "system_impaired"
    AWS_MAINTENANCE = "aws_maintenance"
    EVENT_ANNOUNCED = "event_announced"
    EBS_IMPAIRED = "ebs_impaired"
    APPLICATION_DOWN = "application_down"
    DEAD_ON_ARRIVAL = "dead_on_arrival"
    NEVER_BOOTS = "never_boots"
    STOPPED_UNASKED = "stopped_unasked"
    STOPPED_BY_PERSON = "stopped_by_person"
    STARTED_BY_PERSON = "started_by_person"
    TERMINATED = "terminated"
    FAILED_SAMPLE = "failed_sample"
    START_CAPACITY = "start_capacity"
    FAILING_KEY = "failing_key"
    STUCK_STOPPING = "stuck_stopping"
    STUCK_PENDING = "stuck_pending"


class EventCode(StrEnum):
    """What AWS announces (EC2 API, InstanceStatusEvent)."""

    RETIREMENT = "instance-retirement"
    STOP = "instance-stop"
    INSTANCE_REBOOT = "instance-reboot"
    SYSTEM_REBOOT = "system-reboot"
    MAINTENANCE = "system-maintenance"


class Cure(StrEnum):
    """What ends a fault."""

    REBOOT = "reboot"
    RESTART = "restart"
    """Stop and start."""
    FORCE_STOP = "force_stop"
    SKIP_OS_SHUTDOWN = "skip_os_shutdown"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a kind of fault does while it lasts, and what ends it unless the scenario says otherwise."""

    about: str
    breaks_system: bool = False
    breaks_instance: bool = False
    breaks_ebs: bool = False
    breaks_application: bool = False
    cured_by: tuple[Cure, ...] = (Cure.RESTART,)


EFFECTS: Mapping[FaultKind, Effect] = {
    FaultKind.ZOMBIE: Effect(
        "EC2 says running, the instance check fails, nothing answers.", breaks_instance=True, breaks_application=True
    ),
    FaultKind.HUNG_KERNEL: Effect(
        "The kernel hangs: the instance check fails, nothing answers, and a reboot helps.",
        breaks_instance=True,
        breaks_application=True,
        cured_by=(Cure.REBOOT, Cure.RESTART),
    ),
    FaultKind.SYSTEM_IMPAIRED: Effect(
        "The host fails: the system check fails, and the instance check with it.",
        breaks_system=True,
        breaks_instance=True,
        breaks_application=True,
    ),
    FaultKind.AWS_MAINTENANCE: Effect(
        "AWS works on the host, as announced (system-maintenance): the system check fails until it is done.",
        breaks_system=True,
        breaks_instance=True,
        breaks_application=True,
        cured_by=(),
    ),
    FaultKind.EVENT_ANNOUNCED: Effect(
        "AWS announces `event` for `due_in` later, and then does it, unless the instance has another host by then; "
        "`lasts` is when AWS calls it off."
    ),
    FaultKind.EBS_IMPAIRED: Effect(
        "The instance can't reach its volumes: the attached-EBS check fails.", breaks_ebs=True, breaks_application=True
    ),
    FaultKind.APPLICATION_DOWN: Effect(
        "The application does not answer; EC2's own checks pass.",
        breaks_application=True,
        cured_by=(Cure.REBOOT, Cure.RESTART),
    ),
    FaultKind.DEAD_ON_ARRIVAL: Effect(
        "The instance is launched at this moment, and never passes a check.",
        breaks_instance=True,
        breaks_application=True,
    ),
    FaultKind.NEVER_BOOTS: Effect(
        "Nothing yet; but after its next reboot or start the instance comes up dead.",
        breaks_instance=True,
        breaks_application=True,
        cured_by=(),
    ),
    FaultKind.STOPPED_UNASKED: Effect("AWS stops the instance; nobody asked."),
    FaultKind.STOPPED_BY_PERSON: Effect("Somebody stops the instance with the console or the API."),
    FaultKind.STARTED_BY_PERSON: Effect("Somebody starts the stopped instance.", cured_by=()),
    FaultKind.TERMINATED: Effect("Somebody terminates the instance.", cured_by=()),
    FaultKind.FAILED_SAMPLE: Effect(
        "The instance check fails and recovers by itself; the instance works all the time.",
        breaks_instance=True,
        cured_by=(),
    ),
    FaultKind.START_CAPACITY: Effect(
        "EC2 has no room: starts of the instance are refused with InsufficientInstanceCapacity.", cured_by=()
    ),
    FaultKind.FAILING_KEY: Effect(
        "A volume's encryption key can't be used: starts are accepted, and fall back to stopped.", cured_by=()
    ),
    FaultKind.STUCK_STOPPING: Effect(
        "A stop of the instance does not end unless it is forced.", cured_by=(Cure.FORCE_STOP, Cure.SKIP_OS_SHUTDOWN)
    ),
    FaultKind.STUCK_PENDING: Effect("A start of the instance stays pending.", cured_by=()),
}


CURED_BY_TIME = (FaultKind.AWS_MAINTENANCE, FaultKind.FAILED_SAMPLE, FaultKind.START_CAPACITY, FaultKind.FAILING_KEY)
"""Kinds that end by ``after`` or ``lasts``, never by a cure."""
