"""Puts an instance back where load balancers sent it traffic before Defib drained it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.case import Case
from defib.core.target_group import GROUP_GONE
from defib.shell.ports import Rejected, try_all

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetDescriptionTypeDef

    from defib.core.model import Registration

PERMISSIONS = (
    Permission(("elasticloadbalancing:RegisterTargets",), Scope.CONFIGURED_TARGET_GROUPS),
    Permission(("elasticloadbalancing:RegisterTargets",), Scope.OPTED_IN_TARGET_GROUPS),
    # Who registers instances must be able to see where they are (ELB User Guide, API permissions).
    Permission(
        ("ec2:DescribeInstances", "ec2:DescribeInternetGateways", "ec2:DescribeSubnets", "ec2:DescribeVpcs"), Scope.ANY
    ),
)


def perform(elb: ElasticLoadBalancingv2Client, case: Case) -> str:
    """Register the instance at each of ``case.registrations``. Raises Transient or Rejected, when all have been tried.

    Registering what is registered already changes nothing, so doing it twice does no harm. To a group that is there no
    more there is nothing to put back.
    """
    gone: list[Registration] = []
    try_all(partial(_register, elb, case.instance_id, place, gone) for place in case.registrations)
    back = [place for place in case.registrations if place not in gone]
    parts = [f"back in {_names(back)}"] if back else []
    parts += [f"no longer there: {_names(gone)}"] if gone else []
    return "; ".join(parts) or "nothing to restore"


def _names(places: Sequence[Registration]) -> str:
    return ", ".join(f"{place.target_group_name}:{place.port}" for place in places)


def _register(
    elb: ElasticLoadBalancingv2Client, instance_id: str, place: Registration, gone: list[Registration]
) -> None:
    target: TargetDescriptionTypeDef = {"Id": instance_id, "Port": place.port}
    if place.quic_server_id:
        # Required where the group's protocol is QUIC or TCP_QUIC, refused elsewhere (ELBv2 API, TargetDescription).
        target["QuicServerId"] = place.quic_server_id
    try:
        with translated(f"registering {instance_id} with {place.target_group_name}"):
            elb.register_targets(TargetGroupArn=place.target_group_arn, Targets=[target])
    except Rejected as error:
        if error.code != GROUP_GONE:
            raise
        gone.append(place)
