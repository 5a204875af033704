"""The AWS account of the measured functions: a failing instance, its peer, a target group, Defib's own resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3

from defib.aws.observe import AwsObserver
from defib.aws.reach_store import DynamoReachStore
from defib.aws.store import DynamoStore
from defib.aws.wire import encode, reference
from defib.core.case import Action
from defib.core.model import Signal, Source
from defib.core.policy import Policy
from defib.core.reach import Reach
from defib.shell.ports import Clock
from defib.shell.reach import Reached
from defib.shell.store import Remembered
from tests.aws.table import TABLE, create_table
from tests.bench import doors
from tests.bench.story import story
from tests.handlers.stage import batch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

BEYOND_PATIENCE = timedelta(seconds=5)
"""Evidence is taken by then, and no order is overdue."""
BUCKET = "evidence"
KILL_SWITCH = "kill-switch"
WAITING = "waiting"
"""``diagnose`` once more: the look that most of a repair's are, at which there is nothing to do but to wait."""
UNTIL = {"diagnose": None, "sweep": None, "evidence": Action.EVIDENCE, "publish": Action.EVIDENCE}
"""How far the repair has come for each invocation; of all others, to a reboot, which ``WAITING`` has behind it."""
PROOF = {
    "diagnose": "TransactWriteItems",
    WAITING: "PutItem",
    "remediate": "RebootInstances",
    "evidence": "PutObject",
    "publish": "Publish",
    "sweep": "SendMessageBatch",
    **doors.PROOF,
}
"""The call without which an invocation has not done its work."""


def failed_for(policy: Policy, invocation: str = "") -> timedelta:
    """How long the instance must have failed when an invocation is prepared."""
    service = policy.service("web")
    assert service is not None
    longer = policy.repair.look_again if invocation == WAITING else timedelta(0)
    return service.patience.check + BEYOND_PATIENCE + longer


@dataclass(frozen=True, slots=True)
class Account:
    """What is there before any invocation."""

    instance_id: str
    variables: Mapping[str, str]
    """Of the functions' environment."""

    def prepare(self, invocation: str, policy: Policy, clock: Clock) -> dict[str, Any]:
        """Let the table know just what it knows before such an invocation; returns the event of it.

        The instance must have begun to fail ``failed_for(policy, invocation)`` ago.
        """
        dynamodb = boto3.client("dynamodb")
        _forget_all()
        now = clock.now()
        observer = AwsObserver(boto3.client("ec2"), boto3.client("elbv2"), clock, policy)
        failing = observer.observe(self.instance_id, ())
        failed_at, until = now - failed_for(policy, invocation), UNTIL.get(invocation, Action.REBOOT)
        told = story(failing, failed_at, policy, until, done=invocation == WAITING)
        store = DynamoStore(dynamodb, TABLE, policy.retention)
        store.remember(Remembered(replace(told.case, version=0), told.incident, told.notices))
        match invocation:
            case "diagnose" | "waiting":
                return batch(encode(Signal(Source.WAKE, self.instance_id, now, "time to look again")))
            case "publish":
                return batch(encode(reference(told.notices[0])))
            case "sweep":
                return {}
            case _ if invocation in doors.PROOF:
                return doors.prepare(invocation, policy, clock)
            case _:
                assert told.order is not None
                return batch(encode(told.order))


def looked_lately(policy: Policy, clock: Clock) -> None:
    """A sweep has looked just now whether everybody can be reached, which one an hour does: the next one needn't."""
    store = DynamoReachStore(boto3.client("dynamodb"), TABLE, policy.retention)
    store.remember_reach(Reached(Reach(looked_at=clock.now())))


def create() -> Account:
    """An account with two opted-in instances of the service web. The first is the one to fail."""
    sqs = boto3.client("sqs")
    queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("signals", "orders", "evidence")}
    queues["notices"] = sqs.create_queue(QueueName="notices.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    create_table(boto3.client("dynamodb"))
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    topic, alerts = (boto3.client("sns").create_topic(Name=name)["TopicArn"] for name in ("incidents", "alerts"))
    boto3.client("ssm").put_parameter(Name=KILL_SWITCH, Value="on", Type="String")
    instances = [_launch("web-1"), _launch("web-2")]
    _behind_a_load_balancer(instances)
    variables = {f"DEFIB_{name.upper()}_QUEUE": url for name, url in queues.items()}
    variables |= {"DEFIB_TABLE": TABLE, "DEFIB_EVIDENCE_BUCKET": BUCKET, "DEFIB_KILL_SWITCH": KILL_SWITCH}
    variables |= {"DEFIB_INCIDENTS_TOPIC": topic, "DEFIB_ALERTS_TOPIC": alerts}
    variables |= {"DEFIB_SET_ASIDE_QUEUES": queues["signals"], **doors.create()}
    return Account(instances[0], variables)


def _launch(name: str) -> str:
    tags = {"Name": name, "service": "web", "self-heal": "true"}
    answer = boto3.client("ec2").run_instances(
        ImageId="ami-12c6146b",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )
    return answer["Instances"][0]["InstanceId"]


def _behind_a_load_balancer(instances: list[str]) -> None:
    elb = boto3.client("elbv2")
    vpc = boto3.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    group = elb.create_target_group(
        Name="web",
        Protocol="HTTP",
        Port=80,
        VpcId=vpc,
        TargetType="instance",
        Tags=[{"Key": "self-heal", "Value": "true"}],
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": instance, "Port": 80} for instance in instances])


def _forget_all() -> None:
    dynamodb = boto3.client("dynamodb")
    found: list[dict[str, AttributeValueTypeDef]] = dynamodb.scan(TableName=TABLE)["Items"]
    for item in found:
        dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})
