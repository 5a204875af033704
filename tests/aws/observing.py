"""The observer under test, and the fleet that it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.observe import AwsObserver
from tests.aws.fleet import Fleet

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from defib.core.policy import Policy
    from tests.fakes import FakeClock


class Account:
    """Makes observers of one fleet."""

    def __init__(self, ec2: EC2Client, elb: ElasticLoadBalancingv2Client, clock: FakeClock) -> None:
        self.fleet = Fleet(ec2, elb)
        self.clock = clock
        self._clients = (ec2, elb)

    def observer(self, policy: Policy) -> AwsObserver:
        return AwsObserver(*self._clients, self.clock, policy)
