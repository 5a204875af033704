"""What Defib does to EC2, in memory (ports.Actor): the edges themselves, over the cloud's services."""

from __future__ import annotations

from datetime import timedelta

from defib.aws.act import AwsActor
from defib.core.case import Action, Attempt, Case
from defib.core.model import Observation
from sim.fuzz.cloud import Cloud

REBOOTED = timedelta(minutes=2)
"""By then what works after a reboot works."""


class Acts:
    """``ports.Actor`` over the cloud."""

    def __init__(self, cloud: Cloud, suppress_for: timedelta) -> None:
        ec2, elb, scaling = (cloud.calls.client(service) for service in ("ec2", "elbv2", "autoscaling"))
        self._cloud = cloud
        self._edges = AwsActor(lambda: ec2, lambda: elb, lambda: scaling, suppress_for)

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        if attempt.action is Action.EVIDENCE:
            return f"s3://evidence/{case.service}/{case.id}/"
        done = self._edges.perform(attempt, case, observation)
        if attempt.action is Action.REBOOT:
            self._note_reboot(case.instance_id)
        return done

    def _note_reboot(self, instance_id: str) -> None:
        """Have its load balancer find out, which no change of state tells."""
        machine = self._cloud.machines[instance_id]
        self._cloud.note(machine)
        self._cloud.time.after(REBOOTED, lambda: self._cloud.note(machine))
