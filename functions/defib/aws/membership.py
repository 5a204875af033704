"""What EC2 Auto Scaling says of a member and its group: one call, by the group's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.membership import IN_SERVICE, Membership

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mypy_boto3_autoscaling import AutoScalingClient

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

    def in_service(self, groups: Collection[str]) -> frozenset[str]:
        """See ``in_service``."""
        return in_service(self._connect(), groups)


def membership_of(autoscaling: AutoScalingClient, observation: Observation, opt_in: Tag) -> Membership | None:
    """The instance's place in the group that its tag names; None where the group is gone or does not know it.

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
    if member is None:
        return None
    tags = {tag.get("Key", ""): tag.get("Value", "") for tag in group.get("Tags", ())}
    return Membership(
        group=name,
        lifecycle=member.get("LifecycleState", ""),
        protected=member.get("ProtectedFromScaleIn", False),
        opted_in=tags.get(opt_in.key) == opt_in.value,
        minimum=group["MinSize"],
        desired=group["DesiredCapacity"],
        in_service=sum(1 for m in members if m.get("LifecycleState") == IN_SERVICE),
        suspended=tuple(process.get("ProcessName", "") for process in group.get("SuspendedProcesses", ())),
    )


def in_service(autoscaling: AutoScalingClient, groups: Collection[str]) -> frozenset[str]:
    """The members of these groups that serve there: neither in Standby nor on their way in or out, nor given up.

    Raises Transient or Rejected.
    """
    names, found = sorted(groups), set[str]()
    for start in range(0, len(names), NAMES_MAX):
        with translated("describing the Auto Scaling groups of its peers"):
            answer = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=names[start : start + NAMES_MAX])
        members = (member for group in answer["AutoScalingGroups"] for member in group.get("Instances", ()))
        serving = (m for m in members if m.get("LifecycleState") == IN_SERVICE and m.get("HealthStatus") == HEALTHY)
        found.update(member.get("InstanceId", "") for member in serving)
    return frozenset(found)
