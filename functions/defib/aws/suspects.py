"""The sweep's look at the whole fleet: a handful of questions, whatever the fleet's size, each on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from defib.aws import instances, statuses, targets
from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope, union
from defib.core.model import Check, Checks, CheckStatus, InstanceState, Observation, Target
from defib.shell.ports import CallFailed, Suspects

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_ec2 import EC2Client

    from defib.aws.targets import TargetGroups
    from defib.core.policy import Policy

PERMISSIONS = union(
    (Permission(("ec2:DescribeAvailabilityZones",), Scope.ANY),),
    instances.PERMISSIONS,
    statuses.PERMISSIONS,
    targets.HEALTH,
)

NOT_RUNNING = (InstanceState.PENDING, InstanceState.STOPPING, InstanceState.STOPPED)

_OK = Check(CheckStatus.OK)


class Sweeper:
    """Asks, in about six calls and one a configured target group, who may be in trouble.

    Only opted-in instances are reported. A question that fails is named in ``unanswered``; what it had said by then
    is kept, and the others are still asked.
    """

    def __init__(self, ec2: EC2Client, groups: TargetGroups, policy: Policy) -> None:
        self._ec2 = ec2
        self._groups = groups
        self._policy = policy
        self._opt_in = {policy.opt_in.key: (policy.opt_in.value,)}

    def suspects(self, now: datetime) -> Suspects:
        """Whoever may be in trouble at ``now``."""
        unanswered: dict[str, str] = {}
        found: dict[str, Observation] = {}
        with _asking("opted-in instances that don't run", unanswered):
            for observation in instances.with_tags(self._ec2, self._opt_in, NOT_RUNNING, now):
                found[observation.instance_id] = observation
        checks = self._checks(unanswered)
        failing = self._targets(unanswered)
        # What no question has named has passed, if all were answered.
        presumed = Checks(statuses.UNSURE, statuses.UNSURE) if unanswered else Checks(_OK, _OK)
        with _asking("opt-in of suspects", unanswered):
            hits = sorted({*checks, *failing} - {*found})
            for observation in instances.with_ids(self._ec2, hits, now, self._opt_in):
                found[observation.instance_id] = observation
        return Suspects(
            tuple(
                replace(
                    observation,
                    checks=checks.get(instance_id, presumed) if _is_running(observation) else None,
                    targets=failing.get(instance_id, ()),
                )
                for instance_id, observation in found.items()
            ),
            unanswered,
        )

    def running(self, now: datetime) -> Mapping[str, int]:
        """How many opted-in instances run, by zone. Raises Transient or Rejected."""
        found = instances.with_tags(self._ec2, self._opt_in, (InstanceState.RUNNING,), now)
        return Counter(observation.zone for observation in found)

    def zone_ids(self) -> Mapping[str, str]:
        """The id of each zone by its name in this account. Raises Transient or Rejected."""
        with translated("describing zones"):
            zones = self._ec2.describe_availability_zones()["AvailabilityZones"]
        return {zone.get("ZoneName", ""): zone.get("ZoneId", "") for zone in zones}

    def _checks(self, unanswered: dict[str, str]) -> Mapping[str, Checks]:
        found: dict[str, Checks] = {}
        for question in statuses.SUSPECT:
            with _asking(question.name, unanswered):
                found.update(statuses.failing(self._ec2, question))
        with _asking(statuses.ANNOUNCED.name, unanswered):
            announced = statuses.failing(self._ec2, statuses.ANNOUNCED)
            found.update((instance_id, checks) for instance_id, checks in announced if checks.events)
        return found

    def _targets(self, unanswered: dict[str, str]) -> Mapping[str, tuple[Target, ...]]:
        found: dict[str, tuple[Target, ...]] = {}
        configured = {group.arn: group for service in self._policy.services for group in service.target_groups}
        for group in configured.values():
            with _asking(f"target group {group.name}", unanswered):
                for instance_id, unhealthy in self._groups.unhealthy(group.arn).items():
                    found[instance_id] = (*found.get(instance_id, ()), *unhealthy)
        return found


@contextmanager
def _asking(question: str, unanswered: dict[str, str]) -> Iterator[None]:
    try:
        yield
    except CallFailed as error:
        unanswered[question] = str(error)


def _is_running(observation: Observation) -> bool:
    return observation.state is InstanceState.RUNNING
