"""The one table of prices: what AWS asks for each thing that Defib uses, where that stands, and when it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

PRICES_OF = "us-east-1, November 2026"

READ_ON, QUOTED_ON = date(2026, 11, 23), date(2026, 11, 27)
MILLION = 1_000_000


class Item(StrEnum):
    """What is paid for."""

    ALARM = "alarms"
    QUICK_ALARM = "alarms of high resolution"
    FLEET_ALARM = "instances under a fleet alarm"
    METRIC = "custom metrics"
    CLOUDWATCH_REQUEST = "requests to CloudWatch"
    METRIC_ASKED = "metrics asked of GetMetricData"
    LOGS = "GB of logs"
    LAMBDA_REQUEST = "invocations"
    LAMBDA_GB_SECOND = "GB-seconds"
    SQS_REQUEST = "requests to queues"
    FIFO_REQUEST = "requests to queues in order"
    EVENT = "events of Defib's own"
    SCHEDULE = "invocations by a schedule"
    TABLE_WRITE = "write units"
    TABLE_READ = "read units"
    S3_PUT = "writes and lists of objects"
    S3_GET = "reads of objects"
    SNS_REQUEST = "messages to topics"
    EMAIL = "e-mails"
    HTTPS = "messages to machines"
    SMS = "SMS in the United States"
    API_REQUEST = "requests to HTTP APIs"
    SECRET = "secrets"  # noqa: S105 - a thing that is paid for
    SECRET_REQUEST = "reads of secrets"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for one ``Item`` in one month, how many of it are free in each, and the page that says so."""

    service: str
    usd: float
    free: float
    source: str
    quoted: bool = False
    """Whether it is known from others who quote that page; the rest of the table was read there."""
    read_on: date = READ_ON


_CLOUDWATCH = "aws.amazon.com/cloudwatch/pricing"
_LAMBDA = "aws.amazon.com/lambda/pricing"
_DYNAMODB = "aws.amazon.com/dynamodb/pricing/on-demand"
_EVENTBRIDGE = "aws.amazon.com/eventbridge/pricing"
_S3 = "aws.amazon.com/s3/pricing"
_SNS = "aws.amazon.com/sns/pricing"
_SECRETS = "aws.amazon.com/secrets-manager/pricing"

PRICES: Mapping[Item, Price] = {
    Item.ALARM: Price("CloudWatch", 0.10, 10, _CLOUDWATCH),
    # The ten free alarms are neither of high resolution nor of Metrics Insights.
    Item.QUICK_ALARM: Price("CloudWatch", 0.30, 0, _CLOUDWATCH),
    Item.FLEET_ALARM: Price("CloudWatch", 0.10, 0, _CLOUDWATCH),
    Item.METRIC: Price("CloudWatch", 0.30, 10, _CLOUDWATCH, quoted=True),
    Item.CLOUDWATCH_REQUEST: Price("CloudWatch", 0.01 / 1000, MILLION, _CLOUDWATCH),
    # Never free, unlike other requests.
    Item.METRIC_ASKED: Price("CloudWatch", 0.01 / 1000, 0, _CLOUDWATCH),
    Item.LOGS: Price("CloudWatch", 0.50, 5, _CLOUDWATCH),
    Item.LAMBDA_REQUEST: Price("Lambda", 0.20 / MILLION, MILLION, _LAMBDA),
    Item.LAMBDA_GB_SECOND: Price("Lambda", 0.0000133334, 400_000, _LAMBDA),
    Item.SQS_REQUEST: Price("SQS", 0.40 / MILLION, MILLION, "aws.amazon.com/sqs/pricing"),
    # The million free requests are of either kind; they are counted as of the cheaper.
    Item.FIFO_REQUEST: Price("SQS", 0.50 / MILLION, 0, "aws.amazon.com/sqs/pricing", quoted=True, read_on=QUOTED_ON),
    Item.EVENT: Price("EventBridge", 1.0 / MILLION, 0, _EVENTBRIDGE),
    Item.SCHEDULE: Price("EventBridge", 1.0 / MILLION, 14 * MILLION, _EVENTBRIDGE),
    Item.TABLE_WRITE: Price("DynamoDB", 0.625 / MILLION, 0, _DYNAMODB, quoted=True),
    Item.TABLE_READ: Price("DynamoDB", 0.125 / MILLION, 0, _DYNAMODB, quoted=True),
    Item.S3_PUT: Price("S3", 5.0 / MILLION, 0, _S3, quoted=True),
    Item.S3_GET: Price("S3", 0.40 / MILLION, 0, _S3, quoted=True),
    Item.SNS_REQUEST: Price("SNS", 0.50 / MILLION, MILLION, _SNS, quoted=True),
    Item.EMAIL: Price("SNS", 2.0 / 100_000, 1_000, _SNS, quoted=True),
    Item.HTTPS: Price("SNS", 0.60 / MILLION, 100_000, _SNS, quoted=True, read_on=QUOTED_ON),
    # 0.6 cents, and what the carrier asks.
    Item.SMS: Price("SNS", 0.01, 0, "aws.amazon.com/sns/sms-pricing", quoted=True),
    Item.API_REQUEST: Price("API Gateway", 1.0 / MILLION, 0, "aws.amazon.com/api-gateway/pricing", quoted=True),
    Item.SECRET: Price("Secrets Manager", 0.40, 0, _SECRETS, quoted=True),
    Item.SECRET_REQUEST: Price("Secrets Manager", 0.05 / 10_000, 0, _SECRETS, quoted=True),
}
"""On-demand, in us-east-1, on arm64. Free is what AWS gives to every account for good, not to new ones for a while."""
