"""From what was counted to what AWS bills: which item each call is, and what stands there whether or not it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from infra.prices import Item
from sim.cost.counting import Counted
from sim.template import Resource
from sim.wiring import Poll, Wiring

MONTH = timedelta(days=30)

POLLS_A_MINUTE = 5 * 3
"""Lambda polls a quiet queue with five connections, each call lasting 20 s, whatever the mapping's concurrency."""
PLATFORM_BYTES = 400
"""What Lambda itself logs of each invocation: START, END and REPORT."""
GB = 10**9
A_MINUTE_S = 60

WRITE = {Item.TABLE_WRITE: 2.0}
"""An item of 1 kB and its line in the index."""
READ = {Item.TABLE_READ: 1.0}
"""A consistent read of up to 4 kB."""
PUT, GET, QUEUED = {Item.S3_PUT: 1.0}, {Item.S3_GET: 1.0}, {Item.SQS_REQUEST: 1.0}
IN_ORDER = {Item.FIFO_REQUEST: 1.0}
"""As dear as a request can be, of calls that may be to a queue of either kind."""
ASKED = {Item.CLOUDWATCH_REQUEST: 1.0}

CALLS: Mapping[str, Mapping[Item, float]] = {
    "dynamodb:PutItem": WRITE,
    "dynamodb:UpdateItem": WRITE,
    "dynamodb:DeleteItem": WRITE,
    # At most three such items, each at twice the price.
    "dynamodb:TransactWriteItems": {Item.TABLE_WRITE: 12.0},
    "dynamodb:Query": READ,
    "dynamodb:GetItem": READ,
    "s3:PutObject": PUT,
    "s3:CopyObject": PUT,
    "s3:ListObjectsV2": PUT,
    "s3:GetObject": GET,
    "s3:HeadObject": GET,
    "sqs:SendMessage": IN_ORDER,
    # To itself and to those who look, for which no order matters.
    "sqs:SendMessageBatch": QUEUED,
    "sqs:ChangeMessageVisibility": IN_ORDER,
    "sqs:GetQueueAttributes": QUEUED,
    "sns:Publish": {Item.SNS_REQUEST: 1.0},
    # One metric each.
    "cloudwatch:GetMetricData": {Item.METRIC_ASKED: 1.0},
    "cloudwatch:GetMetricStatistics": ASKED,
    "cloudwatch:DescribeAlarms": ASKED,
    # Its rule sends it on to a queue.
    "events:PutEvents": {Item.EVENT: 1.0, Item.SQS_REQUEST: 1.0},
    "events:ListRules": {},
    "secretsmanager:GetSecretValue": {Item.SECRET_REQUEST: 1.0},
}
"""What each call uses, at most."""
FREE = frozenset({"ec2", "elbv2", "autoscaling", "ssm", "arc-zonal-shift", "sts", "sns", "events"})
"""Services whose other calls cost nothing (ssm: standard parameters; sns: questions about topics and numbers; events:
questions about rules)."""
MEDIA = {"email": Item.EMAIL, "sms": Item.SMS, "https": Item.HTTPS}


class Unpriced(LookupError):
    """A call, or a message, whose price nobody has looked up."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of each item."""

    of: Mapping[Item, float]

    def __add__(self, other: Usage) -> Usage:
        return Usage({item: self.of.get(item, 0) + other.of.get(item, 0) for item in {**self.of, **other.of}})

    def times(self, times: float) -> Usage:
        return Usage({item: amount * times for item, amount in self.of.items()})


def standing(wiring: Wiring) -> Usage:
    """What a month of the application's mere existence uses; the fleet alarm counts for nothing here."""
    minutes = MONTH / timedelta(minutes=1)
    kinds = [_kind(alarm) for alarm in wiring.alarms]
    polled = [_request(poll) for poll in wiring.polls]
    return Usage(
        {
            Item.ALARM: kinds.count(Item.ALARM),
            Item.QUICK_ALARM: kinds.count(Item.QUICK_ALARM),
            **{item: POLLS_A_MINUTE * minutes * polled.count(item) for item in (Item.SQS_REQUEST, Item.FIFO_REQUEST)},
            Item.SCHEDULE: sum(MONTH / schedule.every for schedule in wiring.schedules),
            Item.SECRET: len(wiring.secrets),
        }
    )


def _kind(alarm: Resource) -> Item:
    """What an alarm is billed as: by a query, by seconds, or plain."""
    asked = alarm.properties.get("Metrics", ())
    if any("SELECT" in str(one.get("Expression", "")) for one in asked):
        return Item.FLEET_ALARM
    periods = [one["MetricStat"]["Period"] for one in asked if "MetricStat" in one] or [
        alarm.properties.get("Period", A_MINUTE_S)
    ]
    return Item.QUICK_ALARM if min(periods) < A_MINUTE_S else Item.ALARM


def _request(poll: Poll) -> Item:
    return Item.FIFO_REQUEST if poll.queue_arn.endswith(".fifo") else Item.SQS_REQUEST


def used(counted: Counted) -> Usage:
    """What the counted calls, invocations and messages use. Raises Unpriced."""
    amounts: dict[Item, float] = {}
    for item, amount in (*_calls(counted), *_functions(counted), *_messages(counted)):
        amounts[item] = amounts.get(item, 0.0) + amount
    return Usage(amounts)


def metrics(*counted: Counted) -> Usage:
    """Custom metrics that are put at all; each is billed for the hours in which it is put, here for all of them."""
    return Usage({Item.METRIC: len({name for one in counted for name in one.metrics})})


def _calls(counted: Counted) -> Iterator[tuple[Item, float]]:
    for name, number in counted.calls.items():
        if name not in CALLS and name.partition(":")[0] not in FREE:
            raise Unpriced(f"{name} has no price in sim/cost/usage.py: say there what it costs")
        for item, each in CALLS.get(name, {}).items():
            yield item, number * each


def _functions(counted: Counted) -> Iterator[tuple[Item, float]]:
    functions = {function.word: function for function in counted.wiring.functions}
    fed = {poll.function_name: _request(poll) for poll in counted.wiring.polls}
    behind_apis = {api.function for api in counted.wiring.apis}
    for word, number in counted.invocations.items():
        function = functions[word]
        yield Item.LAMBDA_REQUEST, number
        yield Item.LAMBDA_GB_SECOND, counted.seconds.get(word, 0.0) * function.memory / 1024
        yield Item.LOGS, (counted.log_bytes.get(word, 0.0) + PLATFORM_BYTES * number) / GB
        if function.name in fed:
            # Received and deleted.
            yield fed[function.name], 2 * number
        if function.name in behind_apis:
            yield Item.API_REQUEST, number


def _messages(counted: Counted) -> Iterator[tuple[Item, float]]:
    for medium, number in counted.messages.items():
        if medium not in MEDIA:
            raise Unpriced(f"a message by {medium!r} has no price in sim/cost/usage.py: say what it costs there")
        yield MEDIA[medium], number
