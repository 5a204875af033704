"""A load balancer's target group, as the operator names it to a service."""

from __future__ import annotations

from dataclasses import field

from defib.core.frozen import dataclass
from defib.core.setting import LOAD_BALANCER, TARGET_GROUP_ARN, string

_ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09"
_LOAD_BALANCER = "app/web/50dc6c495c0c9188"
EXAMPLE = f'{{ arn = "{_ARN}", load_balancer = "{_LOAD_BALANCER}" }}'

BALANCERS_OWN = "Elb."
"""How a reason begins that lies with the load balancer: ``Elb.InternalError``, "the health checks failed due to an
internal error" (ELBv2 API, TargetHealth, Reason)."""

GROUP_GONE = "TargetGroupNotFound"
"""What is said of a target whose group is there no more (ELBv2 API, DescribeTargetHealth and RegisterTargets, Errors):
no load balancer sends it anything, and it can be put back nowhere."""


def is_balancers_fault(reason: str) -> bool:
    """Whether a health check says what it says for a reason of the load balancer's own, and nothing of the target."""
    return reason.startswith(BALANCERS_OWN)


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group whose unhealthy targets raise an alarm."""

    arn: str = field(
        metadata=string(
            "A target group whose unhealthy targets raise an alarm.",
            _ARN,
            TARGET_GROUP_ARN,
        )
    )
    load_balancer: str = field(
        metadata=string(
            "The load balancer that the target group belongs to, as CloudWatch's LoadBalancer dimension names it.",
            _LOAD_BALANCER,
            LOAD_BALANCER,
        )
    )

    @property
    def name(self) -> str:
        return self.arn.rpartition("targetgroup/")[2].partition("/")[0]
