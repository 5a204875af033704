"""The deployed stack, asked and driven only through AWS's own APIs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3
import msgspec

from defib.aws.store import DynamoStore
from defib.core.case import Case
from defib.core.policy import Retention
from tests.e2e.cli import STACK

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

BESIDE_THE_WAY = ("SetAside",)
"""Parts of the logical ids of the queues for what failed."""
LOG_LINES = 40
LINE_MAX = 2_000
"""Of each function's log, in the report of a failure."""
BY_LAMBDA = ("START RequestId", "END RequestId", "REPORT RequestId", '{"_aws"')
"""How lines begin that explain no failure: Lambda's own, and metrics."""


class Stack:
    """Defib as CloudFormation made it."""

    def __init__(self, outputs: Mapping[str, str]) -> None:
        self.outputs = outputs
        self._lambda = boto3.client("lambda")
        self._sqs = boto3.client("sqs")
        self._s3 = boto3.client("s3")
        self._events = boto3.client("events")
        self._scheduler = boto3.client("scheduler")
        self._logs = boto3.client("logs")
        self._store = DynamoStore(boto3.client("dynamodb"), outputs["CasesTable"], Retention())
        self._functions = {_name(f): f for f in self._lambda.list_functions()["Functions"] if "defib" in f["Handler"]}
        self._queues = _physical_ids("AWS::SQS::Queue")
        self._started = 0
        self._schedules = _physical_ids("AWS::Scheduler::Schedule")

    def sweep(self) -> None:
        """Invoke the sweep as the schedule does, and see that it worked."""
        self._started += 1
        answer = self._lambda.invoke(FunctionName=self._functions["sweep"]["FunctionName"], Payload=b"{}")
        said = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, f"the sweep failed: {said}"

    def swept_by_itself(self) -> bool:
        """Whether more sweeps have seen everything than were started here."""
        return sum('"message":"swept"' in line for line in self._log("sweep")) > self._started

    @contextlib.contextmanager
    def no_scheduled_sweeps(self) -> Iterator[None]:
        """Meanwhile nothing but events can tell Defib of trouble."""
        self._set_schedules("DISABLED")
        try:
            yield
        finally:
            self._set_schedules("ENABLED")

    def _set_schedules(self, state: str) -> None:
        for name in self._schedules.values():
            schedule = self._scheduler.get_schedule(Name=name)
            kept = {key: schedule[key] for key in ("ScheduleExpression", "FlexibleTimeWindow", "Target")}
            self._scheduler.update_schedule(Name=name, State=state, **kept)

    def deliver(self, event: Mapping[str, Any]) -> list[str]:
        """Do what EventBridge does with an event of AWS, which PutEvents takes from nobody but AWS.

        Matches the deployed rules' patterns and hands the event to their targets. Returns what it was handed to.
        """
        handed_to = []
        for rule in self._events.list_rules()["Rules"]:
            matched = self._events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))
            if not matched["Result"]:
                continue
            for target in self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                url = self._sqs.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
                self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))
                handed_to.append(url)
        return handed_to

    def latest_case(self, instance_id: str) -> Case | None:
        """What the table remembers of an instance."""
        return self._store.latest_case(instance_id)

    def evidence_of(self, case: Case) -> dict[str, bytes]:
        """The files kept of one case."""
        bucket, prefix = self.outputs["EvidenceBucket"], f"{case.service}/{case.id}/"
        keys = [entry["Key"] for entry in self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ())]
        return {key.rpartition("/")[2]: self._s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def failed_messages(self) -> dict[str, list[str]]:
        """Whatever was set aside as a failure, by queue."""
        urls = {name: url for name, url in self._queues.items() if any(part in name for part in BESIDE_THE_WAY)}
        return {name: bodies for name, url in urls.items() if (bodies := self._peek(url))}

    def errors(self) -> list[str]:
        """Every line that a function logged as an error."""
        bad = ('"level":"ERROR"', "Traceback")
        return [line for name in self._functions for line in self._log(name) if any(word in line for word in bad)]

    def report(self, instance_ids: list[str]) -> str:
        """Everything that explains a failure."""
        parts = []
        for instance_id in instance_ids:
            case = self.latest_case(instance_id)
            shown = msgspec.json.format(msgspec.json.encode(case), indent=2).decode()
            parts.append(f"Last case of {instance_id}: {shown}")
        parts += [f"Queue {name}: {self._depth(url)}" for name, url in self._queues.items()]
        parts += [f"Set aside in {name}: {body}" for name, bodies in self.failed_messages().items() for body in bodies]
        for name in self._functions:
            lines = [line[:LINE_MAX] for line in self._log(name) if not line.startswith(BY_LAMBDA)][-LOG_LINES:]
            parts.append("\n  ".join((f"Log of {name}:", *lines)))
        return "\n".join(parts)

    def _peek(self, url: str) -> list[str]:
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in answer.get("Messages", ())]

    def _depth(self, url: str) -> str:
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        waiting = found["ApproximateNumberOfMessages"]
        in_flight = found["ApproximateNumberOfMessagesNotVisible"]
        return f"{waiting} waiting, {in_flight} in flight, {found['ApproximateNumberOfMessagesDelayed']} delayed"

    def _log(self, function: str) -> list[str]:
        group = self._functions[function]["LoggingConfig"]["LogGroup"]
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]


def _name(function: FunctionConfigurationTypeDef) -> str:
    """``sweep`` of ``defib.handlers.sweep.lambda_handler``."""
    return function["Handler"].split(".")[-2]


def _physical_ids(kind: str) -> dict[str, str]:
    """Logical to physical id of the stack's resources of one kind."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    found = [resource for page in pages for resource in page["StackResourceSummaries"]]
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in found if r["ResourceType"] == kind}
