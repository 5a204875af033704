"""What EC2 Auto Scaling says of a member and its group: one call, by the group's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.membership import IN_SERVICE, WARMED, Membership

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_autoscaling.type_defs import InstanceTypeDef

    from defib.core.model import Observation
    from defib.core.policy import Tag

PERMISSIONS = (Permission(("autoscaling:DescribeAutoScalingGroups",), Scope.ANY),)

NAMES_MAX = 50
"""Group names in one call (EC2 Auto Scaling API, DescribeAutoScalingGroups)."""
HEALTHY = "Healthy"


class Memberships:
    """Makes its client when the first member in trouble is met: most functions in most accounts never meet one."""

    def __init__(self, connect: Callable[[], AutoScalingClient], opt_in: Tag) -> None:
        self._connect = connect
        self._opt_in = opt_in

    def of(self, observation: Observation) -> Membership | None:
        """See ``membership_of``."""
        return membership_of(self._connect(), observation, self._opt_in)

    def members_of(self, groups: Collection[str]) -> Mapping[str, Mapping[str, bool]]:
        """See ``members_of``."""
        return members_of(self._connect(), groups)


def membership_of(autoscaling: AutoScalingClient, observation: Observation, opt_in: Tag) -> Membership | None:
    """The instance's place in the group that its tag names; None where the group is gone or does not know it.

    What its group does not list, and has a warm pool, is in that one (EC2 Auto Scaling API, DescribeAutoScalingGroups).
    Raises Transient or Rejected.
    """
    name = observation.group
    with translated(f"describing Auto Scaling group {name}"):
        answer = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    group = next(iter(answer["AutoScalingGroups"]), None)
    if group is None:
        return None
    members = group.get("Instances", ())
    member = next((m for m in members if m.get("InstanceId") == observation.instance_id), None)
    if member is None and not group.get("WarmPoolConfiguration"):
        return None
    in_service = [m.get("AvailabilityZone", "") for m in members if m.get("LifecycleState") == IN_SERVICE]
    tags = {tag.get("Key", ""): tag.get("Value", "") for tag in group.get("Tags", ())}
    return Membership(
        group=name,
        lifecycle=member.get("LifecycleState", "") if member is not None else WARMED,
        protected=member is not None and member.get("ProtectedFromScaleIn", False),
        opted_in=tags.get(opt_in.key) == opt_in.value,
        minimum=group["MinSize"],
        desired=group["DesiredCapacity"],
        in_service=sum(_weight(m) for m in members if m.get("LifecycleState") == IN_SERVICE),
        suspended=tuple(process.get("ProcessName", "") for process in group.get("SuspendedProcesses", ())),
        zones={zone: in_service.count(zone) for zone in {*group.get("AvailabilityZones", ()), *in_service}},
        weight=_weight(member) if member is not None else 1,
    )


def members_of(autoscaling: AutoScalingClient, groups: Collection[str]) -> Mapping[str, Mapping[str, bool]]:
    """By group, of those that there are, the members, and whether each serves: neither in Standby nor on its way in or
    out, nor given up. A warm pool is none of them (EC2 Auto Scaling API, DescribeWarmPool).

    Raises Transient or Rejected.
    """
    names = sorted(groups)
    found: dict[str, Mapping[str, bool]] = {}
    for start in range(0, len(names), NAMES_MAX):
        with translated("describing the Auto Scaling groups of its peers"):
            answer = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=names[start : start + NAMES_MAX])
        for group in answer["AutoScalingGroups"]:
            members = [m for m in group.get("Instances", ()) if not m.get("LifecycleState", "").startswith(WARMED)]
            found[group["AutoScalingGroupName"]] = {m.get("InstanceId", ""): _serves(m) for m in members}
    return found


def _weight(member: InstanceTypeDef) -> int:
    """Of how many units of its group's capacity it is: one where the group gives its instance types no weights."""
    said = member.get("WeightedCapacity", "")
    return int(said) if said.isdecimal() else 1


def _serves(member: InstanceTypeDef) -> bool:
    return member.get("LifecycleState") == IN_SERVICE and member.get("HealthStatus") == HEALTHY
