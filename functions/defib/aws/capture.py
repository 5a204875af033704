"""What a stop would destroy or blur: each part of the evidence, as the bytes to keep."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.frozen import dataclass
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef
    from mypy_boto3_ec2 import EC2Client

PERMISSIONS = (
    Permission(("cloudwatch:GetMetricData", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus"), Scope.ANY),
    Permission(("ec2:GetConsoleOutput", "ec2:GetConsoleScreenshot"), Scope.OPTED_IN_INSTANCES),
)

METRICS = (
    "CPUUtilization",
    "NetworkIn",
    "NetworkOut",
    "StatusCheckFailed",
    "StatusCheckFailed_AttachedEBS",
    "StatusCheckFailed_Instance",
    "StatusCheckFailed_System",
)
METRICS_BACK = timedelta(hours=1)
METRICS_PERIOD_S = 60

ONLY_ON_NITRO = frozenset({"InvalidParameterValue", "UnsupportedOperation"})
"""What asking for the latest console output is answered on other hypervisors."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the evidence."""

    file: str
    media_type: str
    capture: Callable[[], bytes]
    """Raises Transient or Rejected."""


def parts_of(ec2: EC2Client, cloudwatch: CloudWatchClient, instance_id: str, now: datetime) -> tuple[Part, ...]:
    """Everything worth keeping of one instance."""
    return (
        Part("console.txt", "text/plain; charset=utf-8", lambda: console_output(ec2, instance_id)),
        Part("screenshot.jpg", "image/jpeg", lambda: screenshot(ec2, instance_id)),
        Part("statuses.json", "application/json", lambda: statuses(ec2, instance_id)),
        Part("metrics.json", "application/json", lambda: metrics(cloudwatch, instance_id, now)),
        Part("instance.json", "application/json", lambda: instance(ec2, instance_id)),
    )


def console_output(ec2: EC2Client, instance_id: str) -> bytes:
    """The last 64 KB of the serial console: as of now on Nitro, elsewhere as of the last reboot or so."""
    try:
        text = _console_output(ec2, instance_id, latest=True)
    except Rejected as error:
        if error.code not in ONLY_ON_NITRO:
            raise
        text = _console_output(ec2, instance_id, latest=False)
    if not text:
        raise Rejected("EC2 has no console output of it", code="Empty")
    return text.encode(errors="replace")


def _console_output(ec2: EC2Client, instance_id: str, *, latest: bool) -> str:
    with translated("console output"):
        # botocore has decoded it already.
        return ec2.get_console_output(InstanceId=instance_id, Latest=latest).get("Output", "")


def screenshot(ec2: EC2Client, instance_id: str) -> bytes:
    """What its screen shows, as a JPEG of at most 100 KB."""
    with translated("console screenshot"):
        image = ec2.get_console_screenshot(InstanceId=instance_id).get("ImageData", "")
    if not image:
        raise Rejected("EC2 has no screenshot of it", code="Empty")
    return base64.b64decode(image)


def statuses(ec2: EC2Client, instance_id: str) -> bytes:
    """Its status checks and scheduled events, as AWS gives them."""
    with translated("status checks"):
        answer = ec2.describe_instance_status(InstanceIds=[instance_id], IncludeAllInstances=True)
    return _json(answer["InstanceStatuses"])


def instance(ec2: EC2Client, instance_id: str) -> bytes:
    """Its description, with its tags, as AWS gives it."""
    with translated("description"):
        answer = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])
    return _json(answer["Reservations"])


def metrics(cloudwatch: CloudWatchClient, instance_id: str, now: datetime) -> bytes:
    """The last hour of its metrics, a value a minute where there is one."""
    queries: list[MetricDataQueryTypeDef] = [
        {
            "Id": f"m{number}",
            "Label": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/EC2",
                    "MetricName": name,
                    "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
                },
                "Period": METRICS_PERIOD_S,
                "Stat": "Maximum",
            },
        }
        for number, name in enumerate(METRICS)
    ]
    with translated("metrics"):
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=queries, StartTime=now - METRICS_BACK, EndTime=now, ScanBy="TimestampAscending"
        )
    return _json(
        {
            result.get("Label", ""): [
                {"at": at, "value": value}
                for at, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False)
            ]
            for result in answer["MetricDataResults"]
        }
    )


def _json(value: Mapping[str, Any] | list[Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2)
