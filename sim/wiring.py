"""Typed views of the template: what the simulated AWS has to be, and how its parts are joined."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from sim.clock import SimulatorGap
from sim.distribution import Distribution, distributions_of
from sim.function import Function, functions_of
from sim.http_api import HttpApi, apis_of
from sim.iam import Statement, parse_statement
from sim.template import REGION, Resource, Template, region_of


@dataclass(frozen=True, slots=True)
class Queue:
    """One SQS queue."""

    name: str
    url: str
    arn: str
    attributes: Mapping[str, str]
    visibility: timedelta
    dead_letters_to: str | None
    """The ARN of its dead-letter queue."""
    policy: tuple[Statement, ...]
    word: str = ""
    """What people call it: signals, orders, dead-letters, ..."""

    @property
    def region(self) -> str:
        return region_of(self.arn)


@dataclass(frozen=True, slots=True)
class Poll:
    """One event source mapping: Lambda polls the queue and invokes the function."""

    queue_arn: str
    function_name: str
    batch_size: int
    reports_failures: bool
    concurrency: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a rule."""

    arn: str
    dead_letters_to: str | None
    group: str = ""
    """The message group, of a FIFO queue."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One EventBridge rule."""

    name: str
    arn: str
    pattern: Mapping[str, Any]
    targets: tuple[Target, ...]
    word: str = ""

    @property
    def region(self) -> str:
        return region_of(self.arn)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One EventBridge Scheduler schedule with a rate."""

    name: str
    every: timedelta
    target_arn: str
    payload: Mapping[str, Any]
    word: str = ""

    @property
    def region(self) -> str:
        return region_of(self.target_arn)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One SNS subscription."""

    topic_arn: str
    protocol: str
    endpoint: str
    filter_policy: Mapping[str, Any]
    filter_scope: str
    is_raw: bool = False
    """Whether a queue gets the message as it was published, without SNS's envelope."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The whole deployed application."""

    queues: tuple[Queue, ...]
    functions: tuple[Function, ...]
    polls: tuple[Poll, ...]
    rules: tuple[Rule, ...]
    schedules: tuple[Schedule, ...]
    topics: tuple[Resource, ...]
    subscriptions: tuple[Subscription, ...]
    tables: tuple[Resource, ...]
    buckets: tuple[Resource, ...]
    alarms: tuple[Resource, ...]
    parameters: tuple[Resource, ...] = ()
    secrets: tuple[Resource, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    """CloudFront before the status page's bucket; none where the policy has no status page."""
    apis: tuple[HttpApi, ...] = ()

    @property
    def regions(self) -> tuple[str, ...]:
        """Every Region in which something of it is, the first stack's first."""
        resources = (*self.tables, *self.topics, *self.alarms)
        arns = (*(q.arn for q in self.queues), *(f.arn for f in self.functions), *(r.arn for r in resources))
        return tuple(dict.fromkeys((REGION, *map(region_of, arns))))

    def function(self, name: str) -> Function:
        return next(f for f in self.functions if f.name == name)

    def queue_by_arn(self, arn: str) -> Queue:
        return next(q for q in self.queues if q.arn == arn)


def wiring_of(*templates: Template) -> Wiring:
    """Read whole templates. Raises SimulatorGap for wiring that the simulated AWS can't do."""
    each = [_wiring_of(template) for template in templates]
    return Wiring(**{one.name: tuple(part for w in each for part in getattr(w, one.name)) for one in fields(Wiring)})


def _wiring_of(template: Template) -> Wiring:
    return Wiring(
        queues=tuple(_queue(template, r) for r in template.of_type("AWS::SQS::Queue")),
        functions=functions_of(template),
        polls=tuple(_poll(r) for r in template.of_type("AWS::Lambda::EventSourceMapping")),
        rules=tuple(_rule(r) for r in template.of_type("AWS::Events::Rule") if "EventPattern" in r.properties),
        schedules=tuple(_schedule(r) for r in template.of_type("AWS::Scheduler::Schedule")),
        topics=tuple(template.of_type("AWS::SNS::Topic")),
        subscriptions=tuple(_subscription(r) for r in template.of_type("AWS::SNS::Subscription")),
        tables=tuple(template.of_type("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")),
        buckets=tuple(template.of_type("AWS::S3::Bucket")),
        alarms=tuple(template.of_type("AWS::CloudWatch::Alarm")),
        parameters=tuple(template.of_type("AWS::SSM::Parameter")),
        secrets=tuple(template.of_type("AWS::SecretsManager::Secret")),
        distributions=distributions_of(template),
        apis=apis_of(template),
    )


def _queue(template: Template, resource: Resource) -> Queue:
    properties = dict(resource.properties)
    redrive = properties.get("RedrivePolicy")
    names = {
        "VisibilityTimeout": "VisibilityTimeout",
        "MessageRetentionPeriod": "MessageRetentionPeriod",
        "DelaySeconds": "DelaySeconds",
        "FifoQueue": "FifoQueue",
        "ContentBasedDeduplication": "ContentBasedDeduplication",
        "DeduplicationScope": "DeduplicationScope",
        "FifoThroughputLimit": "FifoThroughputLimit",
    }
    attributes = {ours: _attribute(properties[theirs]) for theirs, ours in names.items() if theirs in properties}
    if redrive:
        attributes["RedrivePolicy"] = json.dumps(redrive)
    return Queue(
        name=resource.name,
        url=resource.ref,
        arn=resource.arn,
        attributes=attributes,
        visibility=timedelta(seconds=int(properties.get("VisibilityTimeout", 30))),
        dead_letters_to=redrive["deadLetterTargetArn"] if redrive else None,
        policy=tuple(
            parse_statement(statement)
            for policy in template.of_type("AWS::SQS::QueuePolicy")
            if resource.ref in policy.properties["Queues"]
            for statement in policy.properties["PolicyDocument"]["Statement"]
        ),
        word=resource.word,
    )


def _attribute(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _poll(resource: Resource) -> Poll:
    properties = resource.properties
    if not properties.get("Enabled", True) or "FilterCriteria" in properties:
        raise SimulatorGap(f"{resource.logical_id}: sim/wiring.py knows no disabled or filtered event source mapping")
    return Poll(
        queue_arn=properties["EventSourceArn"],
        function_name=str(properties["FunctionName"]).rpartition(":")[2],
        batch_size=int(properties.get("BatchSize", 10)),
        reports_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", ()),
        concurrency=properties.get("ScalingConfig", {}).get("MaximumConcurrency"),
    )


def _rule(resource: Resource) -> Rule:
    targets = []
    for target in resource.properties.get("Targets", ()):
        unknown = set(target) - {"Arn", "Id", "DeadLetterConfig", "RetryPolicy", "SqsParameters"}
        if unknown:
            raise SimulatorGap(
                f"{resource.logical_id} has a target with {sorted(unknown)}: sim/wiring.py knows no such thing"
            )
        group = target.get("SqsParameters", {}).get("MessageGroupId", "")
        targets.append(Target(target["Arn"], target.get("DeadLetterConfig", {}).get("Arn"), group))
    return Rule(resource.name, resource.arn, resource.properties["EventPattern"], tuple(targets), resource.word)


def _schedule(resource: Resource) -> Schedule:
    expression = resource.properties["ScheduleExpression"]
    parts = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if parts is None:
        raise SimulatorGap(f"{resource.logical_id} is scheduled {expression}: sim/wiring.py knows only rate(...)")
    target = resource.properties["Target"]
    every = timedelta(**{f"{parts[2]}s": int(parts[1])})
    return Schedule(resource.name, every, target["Arn"], json.loads(target.get("Input", "{}")), resource.word)


def _subscription(resource: Resource) -> Subscription:
    properties = resource.properties
    return Subscription(
        topic_arn=properties["TopicArn"],
        protocol=properties["Protocol"],
        endpoint=properties["Endpoint"],
        filter_policy=properties.get("FilterPolicy", {}),
        filter_scope=properties.get("FilterPolicyScope", "MessageAttributes"),
        is_raw=bool(properties.get("RawMessageDelivery", False)),
    )
