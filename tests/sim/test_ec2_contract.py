"""One suite for EC2 as moto has it and EC2 as the simulator lays it over moto: shapes and refusals that both share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.aws.account import SESSION
from tests.sim.small_world import run_for, world


@dataclass
class Subject:
    """An EC2 with a few instances; ``settle`` waits until a change of state is over."""

    ec2: Any
    instance_id: str
    settle: Any


def _moto() -> Iterator[Subject]:
    with mock_aws():
        ec2 = SESSION.client("ec2")
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "service", "Value": "web"}]}]
        made = ec2.run_instances(ImageId="ami-12c6146b", MinCount=3, MaxCount=3, TagSpecifications=tags)
        yield Subject(ec2, made["Instances"][0]["InstanceId"], lambda: None)


def _simulated() -> Iterator[Subject]:
    with world() as entered:
        ec2 = boto3.client("ec2", region_name="us-east-1")
        yield Subject(ec2, entered.machines["web-1"].instance_id, lambda: run_for(entered, timedelta(minutes=3)))


@pytest.fixture(params=[_moto, _simulated], ids=["moto", "simulated"])
def subject(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    # AWS's thousands of images are in nobody's way here, and take moto longer than all else.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    yield from request.param()


def state(subject: Subject) -> str:
    answer = subject.ec2.describe_instances(InstanceIds=[subject.instance_id])
    return str(answer["Reservations"][0]["Instances"][0]["State"]["Name"])


def test_a_running_instance_has_its_two_checks_with_their_details(subject: Subject) -> None:
    subject.settle()
    (status,) = subject.ec2.describe_instance_status(InstanceIds=[subject.instance_id])["InstanceStatuses"]

    assert status["InstanceId"] == subject.instance_id
    assert status["InstanceState"] == {"Code": 16, "Name": "running"}
    for part in ("InstanceStatus", "SystemStatus"):
        assert status[part] == {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}


def test_only_running_instances_have_a_status_unless_all_are_asked_for(subject: Subject) -> None:
    subject.ec2.stop_instances(InstanceIds=[subject.instance_id])
    subject.settle()
    ids = [subject.instance_id]

    assert subject.ec2.describe_instance_status(InstanceIds=ids)["InstanceStatuses"] == []
    (status,) = subject.ec2.describe_instance_status(InstanceIds=ids, IncludeAllInstances=True)["InstanceStatuses"]
    assert status["InstanceState"] == {"Code": 80, "Name": "stopped"}
    assert status["InstanceStatus"]["Status"] == "not-applicable"


def test_a_stop_and_a_start_answer_with_both_states(subject: Subject) -> None:
    (stopped,) = subject.ec2.stop_instances(InstanceIds=[subject.instance_id])["StoppingInstances"]
    assert stopped["InstanceId"] == subject.instance_id
    assert stopped["PreviousState"] == {"Code": 16, "Name": "running"}
    assert set(stopped["CurrentState"]) == {"Code", "Name"}
    subject.settle()
    assert state(subject) == "stopped"

    (started,) = subject.ec2.start_instances(InstanceIds=[subject.instance_id])["StartingInstances"]
    assert started["PreviousState"] == {"Code": 80, "Name": "stopped"}
    subject.settle()
    assert state(subject) == "running"


def test_a_stopped_instance_says_that_a_user_asked_for_it(subject: Subject) -> None:
    subject.ec2.stop_instances(InstanceIds=[subject.instance_id])
    subject.settle()
    found = subject.ec2.describe_instances(InstanceIds=[subject.instance_id])["Reservations"][0]["Instances"][0]

    assert found["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert found["StateTransitionReason"].startswith("User initiated (")


def test_a_reboot_leaves_the_state_as_it_is(subject: Subject) -> None:
    subject.ec2.reboot_instances(InstanceIds=[subject.instance_id])

    assert state(subject) == "running"


@pytest.mark.parametrize("call", ["stop_instances", "start_instances", "reboot_instances", "describe_instances"])
def test_an_unknown_instance_is_not_found(subject: Subject, call: str) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(subject.ec2, call)(InstanceIds=["i-0123456789abcdef0"])

    assert raised.value.response["Error"]["Code"] == "InvalidInstanceID.NotFound"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([{"Name": "instance-state-name", "Values": ["running"]}], True),
        ([{"Name": "instance-state-name", "Values": ["stopped", "stopping"]}], False),
        ([{"Name": "tag:service", "Values": ["web"]}], True),
        ([{"Name": "tag:service", "Values": ["w*"]}], True),
        ([{"Name": "tag:service", "Values": ["web"]}, {"Name": "instance-state-name", "Values": ["stopped"]}], False),
        ([{"Name": "tag:nothing", "Values": ["web"]}], False),
        ([{"Name": "image-id", "Values": ["ami-none"]}], False),
    ],
)
def test_filters_choose_instances(subject: Subject, filters: list[Any], found: bool) -> None:
    subject.settle()
    pages = subject.ec2.get_paginator("describe_instances").paginate(Filters=filters, PaginationConfig={"PageSize": 5})
    ids = [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]

    assert (subject.instance_id in ids) is found


def test_statuses_come_in_pages(subject: Subject) -> None:
    subject.settle()
    pages = list(subject.ec2.get_paginator("describe_instance_status").paginate(PaginationConfig={"PageSize": 5}))
    ids = [status["InstanceId"] for page in pages for status in page["InstanceStatuses"]]

    assert len(ids) == len(set(ids)) == 3
