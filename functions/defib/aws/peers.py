"""The other instances of a service: how many run, and how many of those can be counted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws import instances, statuses
from defib.aws.permission import union
from defib.core.model import InstanceState, Observation, Peers

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

    from defib.aws.membership import Memberships
    from defib.core.policy import Service

PERMISSIONS = union(instances.PERMISSIONS, statuses.PERMISSIONS)

EXISTING = (InstanceState.RUNNING, InstanceState.PENDING, InstanceState.STOPPING, InstanceState.STOPPED)


def peers_of(
    ec2: EC2Client, observation: Observation, service: Service, memberships: Memberships | None = None
) -> Peers:
    """The peers of an instance: in two calls, or in five where more than BY_ID_MOST run; and one more where some are
    members of Auto Scaling groups: EC2 calls one in Standby healthy, though it does not serve, and knows nothing of
    warm pools. Raises Transient or Rejected.

    An unanswered question fails the whole: peers counted healthy by mistake would let Defib stop the last good one.
    """
    others = [
        peer
        for peer in instances.with_tags(ec2, service.match, EXISTING, observation.observed_at)
        if peer.instance_id != observation.instance_id
    ]
    running = {peer.instance_id for peer in others if peer.state is InstanceState.RUNNING}
    fit = _fit(ec2, running) if running else set[str]()
    groups = {peer.group for peer in others if peer.group}
    if groups and memberships is not None:
        members = memberships.members_of(groups)
        fit -= {p.instance_id for p in others if p.group and not members.get(p.group, {}).get(p.instance_id, False)}
        # What waits in a warm pool has never served: a service does not miss it.
        others = [p for p in others if p.group not in members or p.instance_id in members[p.group]]
        running.intersection_update(p.instance_id for p in others)
    return Peers(len(running), len(fit), len(others) - len(running), frozenset(fit))


def _fit(ec2: EC2Client, running: set[str]) -> set[str]:
    """Those of ``running`` that can be counted on."""
    known = statuses.checks_by_id(ec2, sorted(running)) if len(running) <= statuses.BY_ID_MOST else None
    if known is not None:
        return {instance_id for instance_id, checks in known.items() if statuses.is_fit(checks)}
    return running - {instance_id for question in statuses.UNFIT for instance_id, _ in statuses.failing(ec2, question)}
