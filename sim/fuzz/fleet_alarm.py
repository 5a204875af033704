"""The fleet alarm in memory (infra/detection.py), in stories whose policy has one."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from defib.core.detection import MINUTE
from defib.core.model import CheckStatus, InstanceState
from sim.fuzz.cloud import Cloud

CONTRIBUTOR = "CloudWatch Alarm Contributor State Change"
"""(EventBridge events reference, CloudWatch.)"""


class FleetAlarm:
    """Tells of each instance whose status check fails, as soon as a minute's datapoint says so."""

    def __init__(self, cloud: Cloud, put: Callable[[object], None]) -> None:
        """``put`` puts the detail of a contributor's change on the bus."""
        self._cloud = cloud
        self._put = put
        self._in_alarm: set[str] = set()

    def start(self, random: Random) -> None:
        """From now on it is evaluated, at one second or another of each minute."""
        time = self._cloud.time
        time.every(MINUTE, time.now + MINUTE * random.random(), self.evaluate)

    def evaluate(self) -> None:
        """Once a minute."""
        running, impaired = InstanceState.RUNNING, CheckStatus.IMPAIRED
        troubled = self._cloud.troubled.values()
        # The alarm is on all instances of the Region, whether opted in or not.
        failing = {m.instance_id for m in troubled if m.state is running and m.view.worst is impaired}
        for instance_id in sorted(failing ^ self._in_alarm):
            self._put(_changed(instance_id, "ALARM" if instance_id in failing else "OK"))
        self._in_alarm = failing


def _changed(instance_id: str, state: str) -> object:
    return {
        "alarmName": "FleetAlarm",
        "alarmContributor": {"id": "0" * 16, "attributes": {"InstanceId": instance_id}},
        "state": {"value": state, "reason": "Threshold Crossed"},
    }
