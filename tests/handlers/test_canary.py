"""A canary of the watchtower on its way through the real handlers: through every queue, and to nobody."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from defib.aws.heartbeats import CANARY, HEARTBEATS, SWEEP
from tests.aws.cases import NOON
from tests.aws.table import TABLE
from tests.handlers.stage import Stage, failed

EVENT = Path(__file__).parents[1] / "events" / "canary-sent.json"
WATCHED = '\n[watchtower]\nregion = "us-west-2"\nprimary_region = "us-east-1"\n'


def canary(sent_at: datetime = NOON) -> str:
    return json.dumps(json.loads(EVENT.read_text()) | {"detail": {"sent_at": sent_at.isoformat()}})


def heartbeat(kind: str) -> dict[str, Any] | None:
    key = {"pk": {"S": HEARTBEATS}, "sk": {"S": kind}}
    return boto3.client("dynamodb").get_item(TableName=TABLE, Key=key).get("Item")


def items() -> int:
    return int(boto3.client("dynamodb").scan(TableName=TABLE)["Count"])


@pytest.fixture
def heard(stage: Stage) -> str:
    """A queue that hears all that the incidents topic says."""
    sqs = boto3.client("sqs")
    url = str(sqs.create_queue(QueueName="heard")["QueueUrl"])
    boto3.client("sns").subscribe(
        TopicArn=stage.topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:heard"
    )
    return url


def test_it_goes_from_the_first_queue_to_the_last_and_is_counted(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failed(stage.invoke("diagnose", canary())) == []

    (onward,) = stage.received("notices")
    assert onward == {"sent_at": "2026-04-30T12:00:00Z"}
    assert '"CanaryReceived":[1' in capsys.readouterr().out.replace(" ", "")
    assert stage.received("signals") == []
    assert items() == 0, "no case, no incident"


def test_it_comes_out_at_the_topic_and_word_of_it_is_left(stage: Stage, heard: str) -> None:
    stage.invoke("diagnose", canary(NOON - timedelta(seconds=2)))
    (onward,) = stage.received("notices")

    assert failed(stage.invoke("publish", json.dumps(onward), groups={0: "canary"})) == []

    (message,) = boto3.client("sqs").receive_message(QueueUrl=heard)["Messages"]
    assert json.loads(message["Body"])["MessageAttributes"]["service"]["Value"] == "canary:nobody"
    beat = heartbeat(CANARY)
    assert beat is not None
    assert (beat["sent_at"]["S"], beat["at"]["S"]) == (
        "2026-04-30T11:59:58.000000+00:00",
        "2026-04-30T12:00:00.000000+00:00",
    )


@pytest.mark.parametrize("age", [91, 3600, -61])
def test_one_that_is_stale_goes_no_further(stage: Stage, age: int, capsys: pytest.CaptureFixture[str]) -> None:
    old = canary(NOON - timedelta(seconds=age))

    assert failed(stage.invoke("diagnose", old)) == []
    assert stage.received("notices") == []
    assert "CanaryReceived" not in capsys.readouterr().out


def test_one_that_went_stale_on_the_last_queue_reaches_no_topic(stage: Stage, heard: str) -> None:
    old = json.dumps({"sent_at": (NOON - timedelta(seconds=91)).isoformat()})

    assert failed(stage.invoke("publish", old, groups={0: "canary"})) == []
    assert "Messages" not in boto3.client("sqs").receive_message(QueueUrl=heard)
    assert heartbeat(CANARY) is None


def test_it_has_an_order_of_its_own_so_that_no_notice_waits_for_it(stage: Stage) -> None:
    stage.invoke("diagnose", canary())

    sqs = boto3.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=stage.queues["notices"], AttributeNames=["MessageGroupId"])["Messages"]
    assert message["Attributes"]["MessageGroupId"] == "canary"


@pytest.mark.parametrize("sent_at", ["yesterday", "2026-04-30T12:00:00", 7, None])
def test_one_that_makes_no_sense_is_set_aside(stage: Stage, sent_at: object) -> None:
    event = json.dumps(json.loads(EVENT.read_text()) | {"detail": {"sent_at": sent_at}})

    assert failed(stage.invoke("diagnose", event)) == ["m0"]
    assert failed(stage.invoke("publish", json.dumps({"sent_at": sent_at}), groups={0: "canary"})) == ["m0"]


def test_a_sweep_that_saw_everything_leaves_word_where_a_watchtower_reads_it(stage: Stage) -> None:
    policy = Path(stage.environment["LAMBDA_TASK_ROOT"]) / "defib.toml"
    stage.invoke("sweep")
    assert heartbeat(SWEEP) is None, "nobody reads it without a watchtower"

    policy.write_text(policy.read_text() + WATCHED)
    stage.invoke("sweep")

    beat = heartbeat(SWEEP)
    assert beat is not None
    assert beat["at"] == {"S": "2026-04-30T12:00:00.000000+00:00"}
