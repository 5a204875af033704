"""What a look finds of Defib, and where the watchtower remembers it, in moto or the emulator: for tests and bench."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import boto3

from defib.aws.heartbeats import DynamoHeartbeats
from defib.core.canary import Canary
from tests.aws.table import TABLE, create_table
from tests.watchtower.seen import DEAD_LETTERS

PARAMETER, RULE = "/defib/Defib/watched", "Defib-StateRule-X3"


def create_watched(region: str, alerts: str, page: str = "", doors: Iterable[Mapping[str, object]] = ()) -> None:
    """The table, a rule and an alarm of the watched stack, and the parameter that says what its parts are called.

    ``alerts`` is its topic's ARN.
    """
    create_table(boto3.client("dynamodb", region_name=region))
    boto3.client("events", region_name=region).put_rule(Name=RULE, EventPattern='{"source": ["aws.ec2"]}')
    boto3.client("cloudwatch", region_name=region).put_metric_alarm(
        AlarmName=DEAD_LETTERS.name,
        AlarmDescription=DEAD_LETTERS.description,
        MetricName="ApproximateNumberOfMessagesVisible",
        Namespace="AWS/SQS",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    watched = {"table": TABLE, "topics": {"Alerts": alerts}, "page": page, "rules": {"StateRule": RULE}}
    value = json.dumps({**watched, "doors": list(doors)})
    boto3.client("ssm", region_name=region).put_parameter(Name=PARAMETER, Type="String", Value=value)


def create_memory(region: str, name: str) -> None:
    """The watchtower's own table."""
    boto3.client("dynamodb", region_name=region).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )


def live(heartbeats: DynamoHeartbeats, now: datetime, ways: Iterable[str]) -> None:
    """What the watched stack leaves behind while it lives: the last sweep, and the last canary of each of ``ways``."""
    heartbeats.swept(now - timedelta(seconds=20))
    sent_at = now - timedelta(seconds=60)
    for way in ways:
        heartbeats.came_out(Canary(sent_at, way), sent_at + timedelta(seconds=2))
