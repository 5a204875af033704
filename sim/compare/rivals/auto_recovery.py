"""EC2's simplified automatic recovery, which every supported instance has unless somebody turned it off."""

from __future__ import annotations

from sim.compare.rivals.alarm import alarm, system_check
from sim.compare.stage import Stage
from sim.machine import Machine
from sim.traits import LOCAL_DISKS

AFTER = 2
"""Minutes of a failed system check."""


class AutomaticRecovery:
    """AWS moves the instance when its host fails."""

    name = "automatic recovery"
    model = (
        "On by default, for a failed system check alone, not for types with local disks nor members of Auto Scaling "
        "groups (EC2 User Guide, *Automatic instance recovery*). Tried once a failure, and at most three failures a "
        "day (EC2 User Guide of 2023, *Recover your instance*): where there is no room, *manual intervention is "
        "required*. AWS gives no times: here 2 minutes as the recommended alarm, and a recovery as long as a forced "
        "stop and a start. Its message is an AWS Health event with the outcome, here counted as read when the "
        "recovery begins."
    )

    def watch(self, stage: Stage) -> None:
        alarm(stage, system_check, AFTER, lambda machine: _recovers(stage, machine))


def _recovers(stage: Stage, machine: Machine) -> None:
    if LOCAL_DISKS.match(machine.instance_type):
        return
    stage.tell()
    stage.recover(machine)
