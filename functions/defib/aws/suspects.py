"""The sweep's look at the whole fleet: a handful of questions, whatever the fleet's size, each on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from defib.aws import instances, statuses, targets
from defib.aws.errors import translated
from defib.aws.pages import timely
from defib.aws.permission import Permission, Scope, union
from defib.core.detection import MINUTE
from defib.core.frozen import replace
from defib.core.model import Check, Checks, CheckStatus, InstanceState, Observation, Target
from defib.shell.parts import Parts
from defib.shell.ports import Rejected, Suspects, Transient

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_ec2 import EC2Client

    from defib.aws.targets import TargetGroups
    from defib.core.policy import Policy
    from defib.core.target_group import TargetGroup

PERMISSIONS = union(
    (Permission(("ec2:DescribeAvailabilityZones",), Scope.ANY),),
    instances.PERMISSIONS,
    statuses.PERMISSIONS,
    targets.HEALTH,
)

NOT_RUNNING = (InstanceState.PENDING, InstanceState.STOPPING, InstanceState.STOPPED)

INSTANCES, STATUSES, TARGETS = "DescribeInstances", "DescribeInstanceStatus", "DescribeTargetHealth"
"""Calls that a sweep makes several times: one that hangs does so once a sweep, or the sweep would never end."""

COUNTED_WITHIN = timedelta(seconds=30)
"""How long a count of all that run may take. A sweep that is cut off while it counts (infra/functions.py) signals
nobody, and a page of a thousand costs its share of a processor about 2.5 s."""

ASKED_WITHIN = timedelta(seconds=15)
"""How long a sweep goes on asking load balancers: where they throttle, fifty target groups would take most of it."""

_OK = Check(CheckStatus.OK)


class Sweeper:
    """Asks, in about six calls and one a configured target group, who may be in trouble.

    Only opted-in instances are reported. A question that fails is named in ``unanswered``; what it had said by then
    is kept, and the others are still asked, but no more of a kind that was not answered at all. That a target group is
    not there is an answer: nobody fails in it, and all else is as sure as it was.
    """

    def __init__(self, ec2: EC2Client, groups: TargetGroups, policy: Policy) -> None:
        self._ec2 = ec2
        self._groups = groups
        self._policy = policy
        self._opt_in = {policy.opt_in.key: (policy.opt_in.value,)}

    def suspects(self, now: datetime) -> Suspects:
        """Whoever may be in trouble at ``now``."""
        asked = Parts()
        found: dict[str, Observation] = {}
        here = instances.with_tags(self._ec2, self._opt_in, NOT_RUNNING, now)
        asked.do("opted-in instances that don't run", INSTANCES, None, _keep, here, found)
        checks = self._checks(asked)
        gone: dict[str, str] = {}
        failing = self._targets(asked, gone, now)
        # What no question has named has passed, if all were answered.
        presumed = Checks(statuses.UNSURE, statuses.UNSURE) if asked.failed else Checks(_OK, _OK)
        hits = sorted({*checks, *failing} - {*found})
        if hits:
            named = instances.with_ids(self._ec2, hits, now, self._opt_in)
            asked.do("opt-in of suspects", INSTANCES, None, _keep, named, found)
        return Suspects(
            tuple(
                replace(
                    observation,
                    checks=checks.get(instance_id, presumed) if _is_running(observation) else None,
                    targets=failing.get(instance_id, ()),
                )
                for instance_id, observation in found.items()
            ),
            asked.failed,
            gone,
        )

    def running(self, now: datetime) -> Mapping[str, int]:
        """How many opted-in instances run, by zone. Raises Transient or Rejected."""
        found = instances.with_tags(self._ec2, self._opt_in, (InstanceState.RUNNING,), now)
        counted = timely(found, "counting what runs", COUNTED_WITHIN)
        return Counter(observation.zone for observation in counted)

    def zone_ids(self) -> Mapping[str, str]:
        """The id of each zone by its name in this account. Raises Transient or Rejected."""
        with translated("describing zones"):
            zones = self._ec2.describe_availability_zones()["AvailabilityZones"]
        return {zone.get("ZoneName", ""): zone.get("ZoneId", "") for zone in zones}

    def _checks(self, asked: Parts) -> Mapping[str, Checks]:
        found: dict[str, Checks] = {}
        for question in (*statuses.SUSPECT, statuses.ANNOUNCED):
            asked.do(question.name, STATUSES, None, self._ask, question, found)
        return found

    def _ask(self, question: statuses.Question, found: dict[str, Checks]) -> None:
        answers = statuses.failing(self._ec2, question)
        found.update((i, checks) for i, checks in answers if question is not statuses.ANNOUNCED or checks.events)

    def _targets(self, asked: Parts, gone: dict[str, str], now: datetime) -> Mapping[str, tuple[Target, ...]]:
        configured = {group.arn: group for service in self._policy.services for group in service.target_groups}
        answers: dict[str, dict[str, tuple[Target, ...]]] = {}
        began = monotonic()
        for group in _in_turn(tuple(configured.values()), now):
            part, none = f"target group {group.name}", dict[str, tuple[Target, ...]]()
            if monotonic() - began > ASKED_WITHIN.total_seconds():
                asked.note(part, TARGETS, Transient("not asked: the others have taken all the time"))
            else:
                answers[group.arn] = asked.do(part, TARGETS, none, self._unhealthy, group, gone)
        found: dict[str, tuple[Target, ...]] = {}
        for arn in configured:
            for instance_id, targets_of_it in answers.get(arn, {}).items():
                found[instance_id] = (*found.get(instance_id, ()), *targets_of_it)
        return found

    def _unhealthy(self, group: TargetGroup, gone: dict[str, str]) -> dict[str, tuple[Target, ...]]:
        try:
            return self._groups.unhealthy(group.arn)
        except Rejected as error:
            if error.code not in targets.GONE:
                raise
            gone[f"target group {group.name}"] = f"{error}; make it anew, or take it out of target_groups in the policy"
        return {}


def _in_turn(groups: tuple[TargetGroup, ...], now: datetime) -> tuple[TargetGroup, ...]:
    """Each minute another is the first: where not all can be asked, it is not always the same that are not."""
    first = int(now.timestamp() // MINUTE.total_seconds()) % max(len(groups), 1)
    return (*groups[first:], *groups[:first])


def _keep(observations: Iterable[Observation], found: dict[str, Observation]) -> None:
    """What was said before a question failed is kept."""
    for observation in observations:
        found[observation.instance_id] = observation


def _is_running(observation: Observation) -> bool:
    return observation.state is InstanceState.RUNNING
