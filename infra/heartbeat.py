"""Alarms on silence: somebody says once a minute that all is well, and people are told when nobody does."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

PERIOD = Duration.seconds(30)
"""The metrics are of high resolution: of whole minutes it would take three, and a fourth that has just begun."""
SILENT_PERIODS = 5
"""Longer than an early beat and a late one lie apart, and with the mail less than 3 minutes."""
SILENT_FOR = "150 seconds"

DEPLOYED_WITHIN = 15
"""Minutes from the making of an alarm until whoever beats is deployed, too."""


def alarm_on_silence(
    scope: Construct,
    construct_id: str,
    *,
    description: str,
    namespace: str,
    metric: str,
    service: str,
    from_minute: int = DEPLOYED_WITHIN,
) -> cloudwatch.Alarm:
    """An alarm for when ``metric`` has not been counted for ``SILENT_FOR``; in its first ``from_minute`` minutes none.

    Missing data alone would be two periods late, whatever treats it as breaching: CloudWatch looks further back than it
    evaluates, and passes over what is missing there (CloudWatch User Guide, "Configuring how CloudWatch alarms treat
    missing data"). FILL leaves nothing missing. Where context says ``metric_math=false``, as for an emulator without
    it, the alarm does without FILL, and is that much later.
    """
    beats = cloudwatch.Metric(
        namespace=namespace,
        metric_name=metric,
        dimensions_map={"service": service},
        statistic="Sum",
        period=PERIOD,
    )
    filled = cloudwatch.MathExpression(expression="FILL(beats, 0)", using_metrics={"beats": beats}, period=PERIOD)
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_description=description,
        metric=beats if scope.node.try_get_context("metric_math") == "false" else filled,
        threshold=1,
        evaluation_periods=SILENT_PERIODS,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
    )
    if scope.node.try_get_context("metric_math") != "false":
        made = cast(cloudwatch.CfnAlarm, alarm.node.default_child)
        # Made before the first beat can come, it would call people at each first deploy (CloudWatch User Guide, Alarm
        # warm-up periods). FILL has data from the first moment on, so that the period must be waited out.
        made.warm_up_configuration = cloudwatch.CfnAlarm.WarmUpConfigurationProperty(
            warm_up_period_duration_in_minutes=from_minute, only_start_evaluating_after_warm_up_period_ends=True
        )
    return alarm
