"""Takes an instance out of its target groups, so that nobody is sent to it while it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.aws.targets import GONE, NOT_REGISTERED
from defib.core.model import Observation, TargetHealth
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetDescriptionTypeDef

PERMISSIONS = (
    Permission(("elasticloadbalancing:DeregisterTargets",), Scope.CONFIGURED_TARGET_GROUPS),
    Permission(("elasticloadbalancing:DeregisterTargets",), Scope.OPTED_IN_TARGET_GROUPS),
)


def perform(elb: ElasticLoadBalancingv2Client, observation: Observation) -> str:
    """Deregister every manageable registration that ``observation`` shows. Raises Transient or Rejected.

    Deregistering what is gone already succeeds, so doing it twice does no harm.
    """
    places = [
        target.registration
        for target in observation.targets
        if target.manageable
        and target.others_healthy != 0
        and target.health is not TargetHealth.DRAINING
        and target.reason != NOT_REGISTERED
    ]
    for place in places:
        target: TargetDescriptionTypeDef = {"Id": observation.instance_id, "Port": place.port}
        try:
            with translated(f"deregistering {observation.instance_id} from {place.target_group_name}"):
                elb.deregister_targets(TargetGroupArn=place.target_group_arn, Targets=[target])
        except Rejected as error:
            if error.code not in GONE:
                raise
    return f"out of {', '.join(f'{p.target_group_name}:{p.port}' for p in places)}" if places else "nothing to drain"
