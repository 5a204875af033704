"""Takes an instance out of its target groups, so that nobody is sent to it while it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import tried_once
from defib.aws.permission import Permission, Scope
from defib.aws.targets import ABSENT, GONE
from defib.core.model import TargetHealth
from defib.shell.ports import CallFailed, Unanswered

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetDescriptionTypeDef

    from defib.core.case import Case
    from defib.core.model import Observation

PERMISSIONS = (
    Permission(("elasticloadbalancing:DeregisterTargets",), Scope.CONFIGURED_TARGET_GROUPS),
    Permission(("elasticloadbalancing:DeregisterTargets",), Scope.OPTED_IN_TARGET_GROUPS),
)


def perform(elb: ElasticLoadBalancingv2Client, case: Case, observation: Observation) -> str:
    """Deregister it from each of ``case.registrations`` that ``observation`` shows it in, where that may be done.

    What has been registered since the decision stays: only what the case remembers is put back. Deregistering what is
    gone already succeeds, so doing it twice does no harm. Raises Transient or Rejected where nothing was taken;
    Unanswered where something was, and the rest could not be.
    """
    places = [
        target.registration
        for target in observation.targets
        if target.manageable
        and target.others_healthy != 0
        and target.health is not TargetHealth.DRAINING
        and target.reason not in ABSENT
        and target.registration in case.registrations
    ]
    out: list[str] = []
    for place in places:
        target: TargetDescriptionTypeDef = {"Id": observation.instance_id, "Port": place.port}
        try:
            with tried_once(f"deregistering {observation.instance_id} from {place.target_group_name}"):
                elb.deregister_targets(TargetGroupArn=place.target_group_arn, Targets=[target])
        except CallFailed as error:
            if error.code not in GONE:
                if out:
                    raise Unanswered(f"out of {', '.join(out)}, but {error}", error.code) from error
                raise
        out.append(f"{place.target_group_name}:{place.port}")
    return f"out of {', '.join(out)}" if out else "nothing to drain"
