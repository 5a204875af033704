"""Kinds of faults: what each breaks while it lasts, and what usually ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong."""

    ZOMBIE = "zombie"
    """EC2 says running, the instance check fails, nothing answers."""
    HUNG_KERNEL = "hung_kernel"
    """The kernel hangs: the instance check fails, nothing answers, and a reboot helps."""
    SYSTEM_IMPAIRED = "system_impaired"
    """The host fails: the system check fails, and the instance check with it."""
    EBS_IMPAIRED = "ebs_impaired"
    """The instance can't reach its volumes: the attached-EBS check fails."""
    APPLICATION_DOWN = "application_down"
    """The application does not answer; EC2's own checks pass."""
    DEAD_ON_ARRIVAL = "dead_on_arrival"
    """The instance is launched at this moment, and never passes a check."""
    NEVER_BOOTS = "never_boots"
    """Nothing yet; but after its next reboot or start the instance comes up dead."""
    STOPPED_UNASKED = "stopped_unasked"
    """AWS stops the instance; nobody asked."""
    STOPPED_BY_PERSON = "stopped_by_person"
    """Somebody stops the instance with the console or the API."""
    TERMINATED = "terminated"
    """Somebody terminates the instance."""
    FAILED_SAMPLE = "failed_sample"
    """The instance check fails and recovers by itself; the instance works all the time."""
    START_CAPACITY = "start_capacity"
    """EC2 has no room: starts of the instance are refused with InsufficientInstanceCapacity."""
    STUCK_STOPPING = "stuck_stopping"
    """A stop of the instance does not end unless it is forced."""
    STUCK_PENDING = "stuck_pending"
    """A start of the instance stays pending."""


class Cure(StrEnum):
    """What ends a fault."""

    REBOOT = "reboot"
    RESTART = "restart"
    """Stop and start."""
    FORCE_STOP = "force_stop"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a kind of fault does while it lasts, and what ends it unless the scenario says otherwise."""

    breaks_system: bool = False
    breaks_instance: bool = False
    breaks_ebs: bool = False
    breaks_application: bool = False
    cured_by: tuple[Cure, ...] = (Cure.RESTART,)


EFFECTS: Mapping[FaultKind, Effect] = {
    FaultKind.ZOMBIE: Effect(breaks_instance=True, breaks_application=True),
    FaultKind.HUNG_KERNEL: Effect(breaks_instance=True, breaks_application=True, cured_by=(Cure.REBOOT, Cure.RESTART)),
    FaultKind.SYSTEM_IMPAIRED: Effect(breaks_system=True, breaks_instance=True, breaks_application=True),
    FaultKind.EBS_IMPAIRED: Effect(breaks_ebs=True, breaks_application=True),
    FaultKind.APPLICATION_DOWN: Effect(breaks_application=True, cured_by=(Cure.REBOOT, Cure.RESTART)),
    FaultKind.DEAD_ON_ARRIVAL: Effect(breaks_instance=True, breaks_application=True),
    FaultKind.NEVER_BOOTS: Effect(breaks_instance=True, breaks_application=True, cured_by=()),
    FaultKind.STOPPED_UNASKED: Effect(),
    FaultKind.STOPPED_BY_PERSON: Effect(),
    FaultKind.TERMINATED: Effect(cured_by=()),
    FaultKind.FAILED_SAMPLE: Effect(breaks_instance=True, cured_by=()),
    FaultKind.START_CAPACITY: Effect(cured_by=()),
    FaultKind.STUCK_STOPPING: Effect(cured_by=(Cure.FORCE_STOP,)),
    FaultKind.STUCK_PENDING: Effect(cured_by=()),
}
