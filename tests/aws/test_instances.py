"""What EC2 says in many pages is read to the last of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from defib.aws.instances import with_tags
from defib.core.model import InstanceState
from tests.aws.cases import NOON

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class InPages:
    """Answers DescribeInstances with one instance a page: moto never makes a second page of so few."""

    def __init__(self, *instances: str) -> None:
        self._instances = instances

    def get_paginator(self, name: str) -> InPages:
        assert name == "describe_instances"
        return self

    def paginate(self, **asked: object) -> Iterator[dict[str, Any]]:
        for instance_id in self._instances:
            instance = {"InstanceId": instance_id, "State": {"Name": "running"}, "LaunchTime": NOON}
            yield {"Reservations": [{"Instances": [instance]}]}


def test_an_instance_on_a_later_page_is_seen_like_any_other() -> None:
    ec2 = cast("EC2Client", InPages("i-0aaaaaaa1", "i-0aaaaaaa2", "i-0aaaaaaa3"))

    found = with_tags(ec2, {"self-heal": ["true"]}, [InstanceState.RUNNING], NOON)

    assert [observation.instance_id for observation in found] == ["i-0aaaaaaa1", "i-0aaaaaaa2", "i-0aaaaaaa3"]
