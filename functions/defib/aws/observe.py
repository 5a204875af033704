"""Reads what AWS says of an instance and makes one observation of it. Only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from defib.aws import application, instances, peers, serving, statuses, suspects, targets, traits
from defib.aws.permission import union
from defib.aws.suspects import Sweeper
from defib.aws.targets import TargetGroups
from defib.core.boot import stopped_from
from defib.core.frozen import replace
from defib.core.model import CheckStatus, InstanceState, Observation, Registration, TargetHealth

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from defib.aws.membership import Memberships
    from defib.core.policy import Policy
    from defib.core.shift import Served
    from defib.shell.ports import Clock, Suspects

LOOKING = union(instances.PERMISSIONS, statuses.PERMISSIONS, targets.PERMISSIONS)
"""For a look at one instance while no act is near."""
ACTING = union(LOOKING, application.PERMISSIONS, peers.PERMISSIONS, traits.PERMISSIONS)
"""For a look at one instance before an act."""
PERMISSIONS = union(ACTING, suspects.PERMISSIONS)

_PASSED = frozenset({CheckStatus.OK, CheckStatus.NOT_APPLICABLE})


class AwsObserver:
    """Keeps the promises of ``ports.Observer`` with EC2 and Elastic Load Balancing.

    A healthy instance costs two calls and one a target group it is in; one in trouble up to three more for its peers
    (six where more than a hundred run) and, twice a minute, one for what forbids a
    stop of it. A member of an Auto Scaling group with a repair costs one more, whether it looks well or not.
    """

    def __init__(
        self,
        ec2: EC2Client,
        elb: ElasticLoadBalancingv2Client,
        clock: Clock,
        policy: Policy,
        memberships: Memberships | None = None,
    ) -> None:
        """``memberships`` is for those that decide or act; whoever only looks may not ask EC2 Auto Scaling."""
        self._ec2 = ec2
        self._clock = clock
        self._policy = policy
        self._groups = TargetGroups(elb, clock, policy)
        self._sweeper = Sweeper(ec2, self._groups, policy)
        self._traits = traits.TraitsReader(ec2, clock)
        self._memberships = memberships

    def observe(
        self,
        instance_id: str,
        registrations: Sequence[Registration],
        act_is_near: bool = True,
        stop_is_near: bool = True,
        silenced: bool = False,
    ) -> Observation:
        now = self._clock.now()
        found = next(iter(instances.with_ids(self._ec2, [instance_id], now)), None)
        if found is None:
            return Observation(instance_id, now, InstanceState.TERMINATED, launched_at=now)
        if found.state is InstanceState.RUNNING:
            found = replace(found, checks=statuses.checks_of(self._ec2, instance_id))
        service = self._policy.service_of(found.tags)
        if found.state is InstanceState.TERMINATED:
            return found
        if service is None:
            # Of what is nobody's by now only what Defib took from it is asked for: whether it has that back.
            return replace(found, targets=self._groups.targets_of(instance_id, None, registrations))
        if act_is_near and found.checks is not None:
            found = replace(found, checks=application.completed(self._ec2, instance_id, found.checks, silenced))
        # In one call a group where its checks say already that it is in trouble.
        others = act_is_near and found.state is InstanceState.RUNNING and not _passes(found)
        targets = self._groups.targets_of(instance_id, service, registrations, with_others=others)
        by_address = self._groups.by_address(found.traits.addresses, service)
        found = replace(found, targets=targets, traits=replace(found.traits, by_address=by_address))
        # One on its way out may look well: its group has taken it out of its target groups, and EC2's checks pass.
        if act_is_near and found.group and self._memberships is not None:
            found = replace(found, membership=self._memberships.of(found))
        # Only guards ask for peers and for the other targets, and only an instance in trouble meets a guard.
        if act_is_near and not _is_well(found):
            # Of what does not run nothing can be taken away, but by its group.
            if service.counts_peers and (found.group or found.state is InstanceState.RUNNING):
                found = replace(found, peers=peers.peers_of(self._ec2, found, service, self._memberships))
            if found.state is InstanceState.RUNNING and not others:
                found = replace(found, targets=self._groups.with_others(instance_id, found.targets))
        if act_is_near and stop_is_near and traits.stop_is_near(found, stopped_from(self._policy, service)):
            found = self._traits.completed(found)
        return found

    def suspects(self) -> Suspects:
        return self._sweeper.suspects(self._clock.now())

    def running(self) -> Mapping[str, int]:
        return self._sweeper.running(self._clock.now())

    def zone_ids(self) -> Mapping[str, str]:
        return self._sweeper.zone_ids()

    def serving(self, target_group_arns: Sequence[str]) -> Mapping[str, Mapping[str, Served]]:
        return serving.by_zone(self._ec2, self._groups, target_group_arns, self._clock.now())

    def unhealthy_targets(self, target_group_arn: str) -> Sequence[str]:
        return tuple(self._groups.unhealthy(target_group_arn))


def _passes(observation: Observation) -> bool:
    """Whether all its checks do, and AWS has announced nothing: what has work by AWS ahead may be restarted."""
    checks = observation.checks
    if checks is None or checks.events:
        return False
    each = (checks.system, checks.instance, checks.attached_ebs, checks.application)
    return all(check.status in _PASSED for check in each)


def _is_well(observation: Observation) -> bool:
    served = all(target.health is TargetHealth.HEALTHY for target in observation.targets)
    return observation.state is InstanceState.RUNNING and _passes(observation) and served
