"""All that a test has in hand: the stack, the instances, the mail; and how it waits without sleeping."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import boto3
import pytest

from defib.core.case import Case
from tests.e2e.hardware import Hardware
from tests.e2e.inbox import Inbox
from tests.e2e.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_elbv2.type_defs import TargetDescriptionTypeDef

T = TypeVar("T")

LISTEN_S = 1
"""How long a wait listens for mail before it looks again."""
IMAGE = "ami-0abcdef1234567890"


def create_target_group(name: str) -> str:
    """Its ARN."""
    vpc = boto3.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    made = boto3.client("elbv2").create_target_group(
        Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="instance"
    )
    return made["TargetGroups"][0]["TargetGroupArn"]


@dataclass(frozen=True, slots=True)
class World:
    """The deployed stack and what is around it."""

    stack: Stack
    hardware: Hardware
    mail: Inbox
    texts: Inbox
    """What the phone gets."""
    tell: Callable[[str], None]
    target_group: str
    """That of the pool."""
    launched: list[str] = field(default_factory=list)

    def launch(self, service: str, name: str) -> str:
        """The id of a new, healthy, opted-in instance."""
        answer = boto3.client("ec2").run_instances(
            ImageId=IMAGE,
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": [
                        {"Key": "Name", "Value": name},
                        {"Key": "service", "Value": service},
                        {"Key": "self-heal", "Value": "true"},
                    ],
                }
            ],
        )
        instance_id = answer["Instances"][0]["InstanceId"]
        self.launched.append(instance_id)
        self.tell(f"launched {name}, {instance_id}")
        return instance_id

    def serve(self, *instance_ids: str) -> None:
        """Have the pool's load balancer send them requests."""
        targets: list[TargetDescriptionTypeDef] = [{"Id": instance_id, "Port": 80} for instance_id in instance_ids]
        boto3.client("elbv2").register_targets(TargetGroupArn=self.target_group, Targets=targets)

    def hang(self, instance_id: str) -> None:
        """From now on its application does not answer its load balancer, until it is rebooted."""
        self.hardware.hang(instance_id)
        self.tell(f"the application of {instance_id} hangs: its load balancer calls it unhealthy")

    def break_down(self, instance_id: str) -> None:
        """From now on it fails its instance check, until it is stopped and started."""
        self.hardware.break_down(instance_id)
        self.tell(f"{instance_id} breaks down: it fails its instance check, and a reboot does not help")

    def lose_host(self, instance_id: str) -> None:
        """EC2 stops the instance by itself."""
        self.hardware.lost_its_host(instance_id)
        # Not by the proxy, where it would pass for somebody's call.
        boto3.client("ec2", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).stop_instances(InstanceIds=[instance_id])
        self.tell(f"the host under {instance_id} is lost; EC2 stops it")

    def until(self, what: str, look: Callable[[], T | None], within_s: int) -> T:
        """What ``look`` finds; fails when it finds nothing in time."""
        deadline = time.monotonic() + within_s
        while True:
            if found := look():
                return found
            if time.monotonic() > deadline:
                pytest.fail(f"Within {within_s} s not seen: {what}.")
            self.mail.listen(LISTEN_S)
            self.texts.listen(0)

    def closed_case(self, instance_id: str, within_s: int) -> Case:
        """The instance's case once it is over, telling each decision on the way."""
        told = ""

        def look() -> Case | None:
            nonlocal told
            case = self.stack.latest_case(instance_id)
            if case is not None and case.reason != told:
                told = case.reason
                self.tell(f"case {case.id}, {case.cause}: {told}")
            return case if case is not None and case.closed_at is not None else None

        return self.until(f"a closed case of {instance_id}", look, within_s)

    def read(self, kind: str, service: str, within_s: int) -> None:
        """Wait until people have been told by mail."""
        self.until(f"a mail of {service}: {kind}", lambda: kind in self.mail.about(service), within_s)

    def hear(self, kind: str, service: str, within_s: int) -> None:
        """Wait until people have been told, by mail and by text."""
        self.read(kind, service, within_s)
        self.until(f"a text of {service}: {kind}", lambda: kind in self.texts.about(service), within_s)

    def report(self) -> str:
        """Everything that explains a failure."""
        calls = "\n".join(f"EC2 accepted {call.action} {call.instance_ids}" for call in self.hardware.calls())
        mails = "\n".join(f"Mail: {mail}" for mail in self.mail.mails)
        return "\n".join((calls, mails, self.stack.report(self.launched)))
