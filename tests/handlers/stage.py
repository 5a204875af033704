"""A deployed Defib in moto: queues, table, bucket and topic, the functions' environment, and a policy file."""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto.ec2.models import ec2_backends

from defib.aws.clients import client
from tests.aws.account import ONCE, REGION
from tests.aws.fleet import Overlay
from tests.aws.table import TABLE, create_table

HANDLERS = (
    *("diagnose", "remediate", "evidence", "publish", "sweep", "answer"),
    *("page", "stashboard", "subscribe", "elsewhere"),
)

SECRET = {"consumer_key": "anonymous", "consumer_secret": "anonymous", "token": "defib", "token_secret": "s3cret"}

LINK_KEY = "a-key-of-64-characters-that-nobody-has-seen-outside-of-this-test"

POLICY = """
[defib]
opt_in_tag = "self-heal=true"

[services.web]
match = { service = "web" }
mode = "heal"
tell = ["oncall"]

[services.web.page]
title = "Website"

[[services.web.target_groups]]
arn = "GROUP"
load_balancer = "app/web/50dc6c495c0c9188"

[contacts.oncall]
email = ["oncall@example.com"]

[page]
enabled = true
api = true
title = "Example CI"

[page.elsewhere.atlassian]
kind = "statuspage"
secret = "defib/statuspage"
url = "https://127.0.0.1:9/v1"
page_id = "kctbh9vrtdwd"
components = { web = "8kbf7d35c070" }

[answers]
enabled = true
"""


@dataclass(frozen=True)
class Context:
    """As much of Lambda's context as Powertools reads."""

    function_name: str = "defib"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:defib"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


QUEUES = ("signals", "orders", "evidence")


class Stage:
    """Where handlers run, and what they leave behind."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, task_root: Path) -> None:
        sqs = boto3.client("sqs")
        self.queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in QUEUES}
        notices = sqs.create_queue(QueueName="notices.fifo", Attributes={"FifoQueue": "true"})
        self.queues["notices"] = notices["QueueUrl"]
        self.queues["page"] = sqs.create_queue(QueueName="page.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        self.letters = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead-letters", "undelivered")]
        self.queues["elsewhere"] = sqs.create_queue(QueueName="elsewhere")["QueueUrl"]
        create_table(client("dynamodb", ONCE))
        boto3.client("s3").create_bucket(Bucket="evidence")
        boto3.client("s3").create_bucket(Bucket="page")
        boto3.client("secretsmanager").create_secret(Name="stashboard", SecretString=json.dumps(SECRET))
        boto3.client("secretsmanager").create_secret(Name="answers", SecretString=LINK_KEY)
        boto3.client("ssm").put_parameter(Name="/defib/Defib/healing", Type="String", Value="on")
        sns = boto3.client("sns")
        self.topic, self.alerts = (sns.create_topic(Name=name)["TopicArn"] for name in ("incidents", "alerts"))
        for topic in (self.topic, self.alerts):
            sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="oncall@example.com")
        self.subscribers = sns.create_topic(Name="subscribers")["TopicArn"]
        self.group = boto3.client("elbv2").create_target_group(
            Name="web", Protocol="HTTP", Port=80, VpcId=_vpc(), TargetType="instance"
        )["TargetGroups"][0]["TargetGroupArn"]
        (task_root / "defib.toml").write_text(POLICY.replace("GROUP", self.group))
        self._monkeypatch = monkeypatch
        self.environment = {
            "LAMBDA_TASK_ROOT": str(task_root),
            "AWS_REGION": REGION,
            "DEFIB_POLICY": "defib.toml",
            "DEFIB_TABLE": TABLE,
            "DEFIB_EVIDENCE_BUCKET": "evidence",
            "DEFIB_INCIDENTS_TOPIC": self.topic,
            "DEFIB_ALERTS_TOPIC": self.alerts,
            "DEFIB_PAGE_BUCKET": "page",
            "DEFIB_PAGE_URL": "https://status.example.com",
            "DEFIB_SUBSCRIBERS_TOPIC": self.subscribers,
            "DEFIB_SUBSCRIBE_AT": "https://api.example.com/subscribe",
            "DEFIB_STASHBOARD_SECRET": "stashboard",
            "DEFIB_ANSWERS_SECRET": "answers",
            "DEFIB_ANSWERS_URL": "https://abc123.execute-api.us-east-1.amazonaws.com",
            "DEFIB_OTHER_PAGE": "atlassian",
            "DEFIB_OTHER_PAGE_SECRET": "defib/statuspage",
            "DEFIB_OTHER_PAGE_QUEUES": self.queues["elsewhere"],
            "DEFIB_KILL_SWITCH": "/defib/Defib/healing",
            "DEFIB_SET_ASIDE_QUEUES": " ".join(self.letters),
            **{f"DEFIB_{name.upper()}_QUEUE": url for name, url in self.queues.items()},
            "POWERTOOLS_METRICS_NAMESPACE": "Defib",
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }

    def heals_applications(self, targets_every: str) -> None:
        """From now on the policy heals dead applications, and has load balancers asked so often."""
        policy = Path(self.environment["LAMBDA_TASK_ROOT"]) / "defib.toml"
        heals = policy.read_text().replace('mode = "heal"', 'mode = "heal"\napplication_down = "restart"')
        policy.write_text(f'{heals}\n[detection]\ntargets_every = "{targets_every}"\n')

    def handler(self, name: str, without: str = "") -> ModuleType:
        """The handler module as a fresh process has it, with its environment, perhaps ``without`` a variable."""
        for variable, value in {**self.environment, "POWERTOOLS_SERVICE_NAME": name}.items():
            self._monkeypatch.setenv(variable, value)
        if without:
            self._monkeypatch.delenv(without)
        # Python keeps loggers for the life of the process, and Powertools theirs with the output it first saw.
        logging.root.manager.loggerDict.pop(name, None)
        module = importlib.import_module(f"defib.handlers.{name}")
        for cached in ("_built", "_reader", "_reached"):
            if hasattr(module, cached):
                getattr(module, cached).cache_clear()
        return module

    def invoke(self, name: str, *bodies: str, groups: Mapping[int, str] | None = None) -> Any:
        """Invoke the function with one batch, or with the schedule's empty event."""
        event = batch(*bodies, groups=groups) if bodies else {}
        return self.handler(name).lambda_handler(event, Context())

    def diagnose(self, aws: Overlay, *bodies: str) -> Any:
        """Invoke diagnose with ``aws`` between it and every service."""
        module = self.handler("diagnose")
        for made in clients_in(module._built()):
            aws.lay_over(made)
        return module.lambda_handler(batch(*bodies), Context())

    def received(self, queue: str) -> list[dict[str, Any]]:
        """Everything that waits in ``queue``, delayed messages excepted."""
        found: list[dict[str, Any]] = []
        sqs = boto3.client("sqs")
        while answer := sqs.receive_message(QueueUrl=self.queues[queue], MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in answer]
        return found

    def document(self, path: str) -> bytes:
        """One document of the status page."""
        body: bytes = boto3.client("s3").get_object(Bucket="page", Key=path)["Body"].read()
        return body

    def launch(self, **tags: str) -> str:
        """One running instance."""
        return self.launch_many(1, **tags)[0]

    def launch_many(self, count: int, **tags: str) -> list[str]:
        """So many running instances."""
        answer = boto3.client("ec2").run_instances(
            ImageId="ami-12c6146b",
            MinCount=count,
            MaxCount=count,
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": [{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()],
                }
            ],
        )
        return [instance["InstanceId"] for instance in answer["Instances"]]


def batch(*bodies: str, groups: Mapping[int, str] | None = None) -> dict[str, Any]:
    """An event as the SQS event source makes it; message ids are ``m0``, ``m1``, ..."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": "AQEB",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1777550400000",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1777550400001",
                    **({"MessageGroupId": groups[number]} if groups else {}),
                },
                "messageAttributes": {},
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:signals",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def stop_unasked(*instance_ids: str) -> None:
    """Stop them, and let EC2 give a reason that is nobody's wish."""
    boto3.client("ec2").stop_instances(InstanceIds=instance_ids)
    for instance_id in instance_ids:
        instance = ec2_backends["123456789012"]["us-east-1"].get_instance(instance_id)
        instance.state_reason.code = "Server.InternalError"
        instance.state_reason.message = "Server.InternalError: Internal error on launch"


def clients_in(value: Any, seen: set[int] | None = None) -> Iterator[BaseClient]:
    """Every boto3 client reachable from ``value`` through Defib's own objects, once."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, BaseClient):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from clients_in(part, seen)
    elif type(value).__module__.startswith("defib."):
        names = [*getattr(value, "__dict__", {}), *getattr(type(value), "__slots__", ())]
        for name in names:
            yield from clients_in(getattr(value, name), seen)


def failed(response: dict[str, Any]) -> list[str]:
    return [item["itemIdentifier"] for item in response["batchItemFailures"]]


def _vpc() -> str:
    return str(boto3.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"])
