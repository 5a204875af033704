"""CloudWatch alarms with EC2's own actions: recover for the system check, reboot for the instance check."""

from __future__ import annotations

from sim.compare.rivals.alarm import alarm, instance_check, system_check
from sim.compare.stage import Stage
from sim.machine import Machine

RECOVER_AFTER = 2
REBOOT_AFTER = 3
"""Minutes, as the EC2 User Guide recommends, never equal lest the two race (Add recover/reboot actions to alarms)."""


class CloudWatch:
    """Two alarms for each instance, both with a message to people beside the action."""

    name = "CloudWatch actions"
    model = (
        "Two alarms for each instance: recover after 2 minutes of a failed system check, reboot after 3 of a failed "
        "instance check, as the EC2 User Guide recommends (*Create alarms that stop, terminate, reboot, or recover an "
        "instance*); an SNS topic told by both. Recover keeps addresses and volumes, needs capacity, and is tried once "
        "an alarm. How long a recovery takes, AWS does not say: here as long as a forced stop and a start."
    )

    def watch(self, stage: Stage) -> None:
        alarm(stage, system_check, RECOVER_AFTER, lambda machine: _recovers(stage, machine))
        alarm(stage, instance_check, REBOOT_AFTER, lambda machine: _reboots(stage, machine))


def _recovers(stage: Stage, machine: Machine) -> None:
    stage.tell()
    stage.recover(machine)


def _reboots(stage: Stage, machine: Machine) -> None:
    stage.tell()
    stage.reboot(machine)
