"""Puts an instance back where load balancers sent it traffic before Defib drained it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.case import Case
from defib.shell.ports import CallFailed, Unanswered

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetDescriptionTypeDef

PERMISSIONS = (
    Permission(("elasticloadbalancing:RegisterTargets",), Scope.CONFIGURED_TARGET_GROUPS),
    Permission(("elasticloadbalancing:RegisterTargets",), Scope.OPTED_IN_TARGET_GROUPS),
)


def perform(elb: ElasticLoadBalancingv2Client, case: Case) -> str:
    """Register the instance at each of ``case.registrations``. Raises Transient or Rejected, when all have been tried.

    Registering what is registered already changes nothing, so doing it twice does no harm.
    """
    failed: list[CallFailed] = []
    for place in case.registrations:
        target: TargetDescriptionTypeDef = {"Id": case.instance_id, "Port": place.port}
        try:
            with translated(f"registering {case.instance_id} with {place.target_group_name}"):
                elb.register_targets(TargetGroupArn=place.target_group_arn, Targets=[target])
        except Unanswered:
            # Where nothing answers, the others would outlast the function.
            raise
        except CallFailed as error:
            failed.append(error)
    if failed:
        raise failed[0]
    places = ", ".join(f"{p.target_group_name}:{p.port}" for p in case.registrations)
    return f"back in {places}" if places else "nothing to restore"
