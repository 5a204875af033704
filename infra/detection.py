"""CloudWatch alarms that notice trouble beside the sweep; their state changes reach ``signals`` through EventBridge."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from defib.core.policy import Policy, TargetGroup

FAILING_INSTANCES = (
    'SELECT MAX(StatusCheckFailed) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId ORDER BY MAX() DESC'
)
"""One series an instance, the failing ones first: a query keeps 500 series, and ``GROUP BY`` alarms need an order.

Not narrowed to the opt-in tag: that works only where the account has switched on tags in telemetry, and where it has
not, the alarm would never fire and nobody would know.
"""

NAMESPACES = {"app": "AWS/ApplicationELB", "net": "AWS/NetworkELB", "gwy": "AWS/GatewayELB"}
"""By the kind of load balancer, the first part of its dimension."""


class Detection(Construct):
    """The fleet alarm, if wanted, and an alarm for each configured target group."""

    def __init__(self, scope: Construct, construct_id: str, *, policy: Policy) -> None:
        super().__init__(scope, construct_id)
        if policy.detection.fleet_alarm:
            self._fleet_alarm()
        groups = {group.arn: group for service in policy.services for group in service.target_groups}
        for group in groups.values():
            self._target_group_alarm(group)

    def _fleet_alarm(self) -> None:
        cloudwatch.Alarm(
            self,
            "FleetAlarm",
            alarm_description="An instance fails a status check. Defib is looking into it; nothing to do.",
            metric=cloudwatch.MathExpression(
                expression=FAILING_INSTANCES, using_metrics={}, period=Duration.minutes(1), label="failing"
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _target_group_alarm(self, group: TargetGroup) -> None:
        cloudwatch.Alarm(
            self,
            f"TargetGroupAlarm {group.arn.rpartition('targetgroup/')[2].replace('/', '-')}",
            alarm_description=f"{group.name} has unhealthy targets. Defib is looking into it; nothing to do.",
            metric=cloudwatch.Metric(
                namespace=NAMESPACES[group.load_balancer.partition("/")[0]],
                metric_name="UnHealthyHostCount",
                dimensions_map={
                    "TargetGroup": f"targetgroup/{group.arn.rpartition('targetgroup/')[2]}",
                    "LoadBalancer": group.load_balancer,
                },
                statistic="Maximum",
                period=Duration.minutes(1),
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
