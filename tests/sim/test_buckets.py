"""EC2's request buckets, and what a function that empties one sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from sim.buckets import Buckets
from tests.sim.seen import SEEN
from tests.sim.small_world import function, run_for, wiring, world

START = datetime(2026, 7, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MANY = [f"i-{n:017x}" for n in range(300)]


@pytest.mark.parametrize(
    ("operation", "params", "burst", "refill"),
    [
        ("DescribeInstances", {"Filters": [{"Name": "instance-id", "Values": MANY}]}, 100, 20),
        ("DescribeInstances", {"MaxResults": 1000}, 100, 20),
        ("DescribeInstances", {"InstanceIds": MANY[:1]}, 50, 10),
        ("DescribeInstanceStatus", {"InstanceIds": MANY[:1]}, 50, 10),
        ("DescribeInstanceStatus", {"Filters": [], "InstanceIds": MANY[:1]}, 50, 10),
        ("DescribeInstanceAttribute", {"InstanceId": MANY[0]}, 100, 20),
        ("GetConsoleOutput", {"InstanceId": MANY[0]}, 100, 20),
        ("StopInstances", {"InstanceIds": MANY[:1]}, 50, 5),
        ("RebootInstances", {"InstanceIds": MANY[:1]}, 50, 5),
        ("ModifyInstanceAttribute", {"InstanceId": MANY[0]}, 50, 5),
        ("StartInstances", {"InstanceIds": MANY[:1]}, 5, 2),
    ],
)
def test_a_bucket_gives_its_size_at_once_and_then_its_refill(
    operation: str, params: dict[str, Any], burst: int, refill: int
) -> None:
    buckets = Buckets()
    at_once = [buckets.take(operation, params, START) for _ in range(burst + 1)]
    later = [buckets.take(operation, params, START + SECOND) for _ in range(refill + 1)]

    assert at_once == [True] * burst + [False]
    assert later == [True] * refill + [False]


@pytest.mark.parametrize(("operation", "refill"), [("StartInstances", 2), ("StopInstances", 20)])
def test_starts_and_stops_cost_a_token_for_each_instance_too(operation: str, refill: int) -> None:
    buckets = Buckets()
    thousand = {"InstanceIds": MANY[:250]}
    assert all(buckets.take(operation, thousand, START) for _ in range(4))

    assert not buckets.take(operation, {"InstanceIds": MANY[:1]}, START)
    assert buckets.take(operation, {"InstanceIds": MANY[:refill]}, START + SECOND)
    assert not buckets.take(operation, {"InstanceIds": MANY[:1]}, START + SECOND)


def test_one_call_does_not_drain_the_bucket_of_another() -> None:
    buckets = Buckets()
    while buckets.take("StartInstances", {"InstanceIds": MANY[:1]}, START):
        pass

    assert buckets.take("StopInstances", {"InstanceIds": MANY[:1]}, START)
    assert buckets.take("DescribeInstances", {"InstanceIds": MANY[:1]}, START)


@pytest.mark.parametrize(("tries", "refused"), [("1", True), ("6", False)])
def test_a_function_that_empties_a_bucket_is_throttled_unless_its_client_waits(tries: str, refused: bool) -> None:
    with world(wiring(function("start_often", environment={"TRIES": tries}))) as entered:
        url = next(q.url for q in entered.wiring.queues if q.name == "orders")
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody=entered.machines["web-1"].instance_id)
        run_for(entered, timedelta(seconds=30))
        ledger = entered.recorder.ledger

        assert SEEN[:5] == ["started"] * 5
        assert ("RequestLimitExceeded" in SEEN) is refused
        assert ledger.throttled["ec2:StartInstances"] > 0
        assert ledger.calls["ec2:StartInstances"] == ledger.throttled["ec2:StartInstances"] + SEEN.count("started")
