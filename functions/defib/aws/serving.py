"""Who serves in which zone: asked only before a zonal shift, which the other zones must be able to carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from defib.aws import instances, targets
from defib.aws.permission import union
from defib.core.shift import Served
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_ec2 import EC2Client

    from defib.aws.targets import TargetGroups

PERMISSIONS = union(instances.PERMISSIONS, targets.HEALTH)


def by_zone(
    ec2: EC2Client, groups: TargetGroups, arns: Sequence[str], now: datetime
) -> Mapping[str, Mapping[str, Served]]:
    """The targets of each group that is there by the zone that EC2 says they are in. Raises Transient or Rejected.

    A load balancer does not say in which zone a target of the type ``instance`` is (ELBv2 API, TargetDescription).
    """
    members = {arn: found for arn in arns if (found := _registered(groups, arn)) is not None}
    ids = sorted({instance_id for found in members.values() for instance_id in found})
    zones = {seen.instance_id: seen.zone for seen in instances.with_ids(ec2, ids, now)}
    return {arn: _counted(found, zones) for arn, found in members.items()}


def _registered(groups: TargetGroups, arn: str) -> Mapping[str, bool] | None:
    """Who is registered in a group, and healthy there; None where it is gone: its load balancer may have others."""
    try:
        return groups.registered(arn)
    except Rejected as error:
        if error.code not in targets.GONE:
            raise
    return None


def _counted(members: Mapping[str, bool], zones: Mapping[str, str]) -> Mapping[str, Served]:
    placed = [(zones[instance_id], healthy) for instance_id, healthy in members.items() if instance_id in zones]
    registered = Counter(zone for zone, _ in placed)
    healthy = Counter(zone for zone, works in placed if works)
    return {zone: Served(count, healthy[zone]) for zone, count in registered.items()}
