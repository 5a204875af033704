"""EC2's simplified automatic recovery, which every supported instance has unless somebody turned it off."""

from __future__ import annotations

from datetime import timedelta

from sim.compare.rivals.alarm import alarm, system_check
from sim.compare.stage import Stage
from sim.machine import Machine
from sim.traits import LOCAL_DISKS

AFTER = 2
TRIES = 3
"""A day (EC2 User Guide of 2023, Recover your instance)."""
PAUSE = timedelta(minutes=5)


class AutomaticRecovery:
    """AWS moves the instance when its host fails."""

    name = "automatic recovery"
    model = (
        "On by default, for a failed system check alone, not for types with local disks nor members of Auto Scaling "
        "groups (EC2 User Guide, *Automatic instance recovery*). AWS gives no times: here 2 minutes as the recommended "
        "alarm, a recovery as long as a forced stop and a start, and where there is no room three tries, 5 minutes "
        "apart. Its message is an AWS Health event, here counted as read at once."
    )

    def watch(self, stage: Stage) -> None:
        alarm(stage, system_check, AFTER, lambda machine: _recovers(stage, machine, TRIES))


def _recovers(stage: Stage, machine: Machine, tries: int) -> None:
    if LOCAL_DISKS.match(machine.instance_type) or tries == 0:
        return
    stage.tell()
    if not stage.recover(machine):
        stage.time.after(PAUSE, lambda: _recovers(stage, machine, tries - 1))
