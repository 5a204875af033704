"""A canary of the watchtower on its ways through the real handlers: through every queue, and to nobody."""

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


def on(queue: str, sent_at: datetime = NOON) -> str:
    """One as it travels on Defib's own queues."""
    return json.dumps({"sent_at": sent_at.isoformat(), "by": queue})


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


NEXT = {"notices": "notices", "orders": "orders", "evidence": "evidence", "page": "turns"}
"""Queues that come after the first, and the word of each."""


def test_it_goes_from_the_first_queue_to_every_other_and_is_counted(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failed(stage.invoke("diagnose", canary())) == []

    for queue, word in NEXT.items():
        assert stage.received(queue) == [{"sent_at": "2026-04-30T12:00:00Z", "by": word}]
    assert '"CanaryReceived":[1' in capsys.readouterr().out.replace(" ", "")
    assert stage.received("signals") == []
    assert items() == 0, "no case, no incident"


def test_it_comes_out_at_the_topic_and_word_of_it_is_left(stage: Stage, heard: str) -> None:
    stage.invoke("diagnose", canary(NOON - timedelta(seconds=2)))
    (onward,) = stage.received("notices")

    assert failed(stage.invoke("publish", json.dumps(onward), groups={0: "canary"})) == []

    (message,) = boto3.client("sqs").receive_message(QueueUrl=heard)["Messages"]
    assert json.loads(message["Body"])["MessageAttributes"]["service"]["Value"] == "canary:nobody"
    beat = heartbeat(f"{CANARY}notices")
    assert beat is not None
    assert (beat["sent_at"]["S"], beat["at"]["S"]) == (
        "2026-04-30T11:59:58.000000+00:00",
        "2026-04-30T12:00:00.000000+00:00",
    )


def test_what_the_topic_says_of_it_brings_it_back_to_the_front_and_no_further(stage: Stage, heard: str) -> None:
    stage.invoke("publish", on("notices"), groups={0: "canary"})
    (message,) = boto3.client("sqs").receive_message(QueueUrl=heard)["Messages"]

    assert failed(stage.invoke("diagnose", json.loads(message["Body"])["Message"])) == []

    assert heartbeat(f"{CANARY}incidents") is not None
    assert not [queue for queue in NEXT if stage.received(queue)]


FED = [("remediate", "orders"), ("evidence", "evidence"), ("page", "turns"), ("elsewhere", "turns-atlassian")]
"""Functions, and the word of the queue that feeds each."""


@pytest.mark.parametrize(("function", "word"), FED)
def test_each_function_that_a_queue_feeds_leaves_word_of_it_and_does_no_work_for_it(
    stage: Stage, heard: str, function: str, word: str
) -> None:
    assert failed(stage.invoke(function, on(word), groups={0: "canary"})) == []

    assert heartbeat(f"{CANARY}{word}") is not None
    assert items() == 1
    assert not [queue for queue in ("signals", "notices") if stage.received(queue)]
    assert "Messages" not in boto3.client("sqs").receive_message(QueueUrl=heard)
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="page")


def test_the_page_leaves_no_word_of_it_while_it_cannot_reach_its_files(stage: Stage) -> None:
    boto3.client("s3").delete_bucket(Bucket="page")

    assert failed(stage.invoke("page", on("turns"), groups={0: "canary"})) == []

    assert items() == 0


def test_from_there_it_goes_on_to_the_queues_of_other_pages(stage: Stage) -> None:
    stage.invoke("page", on("turns"), groups={0: "canary"})

    assert stage.received("elsewhere") == [{"sent_at": "2026-04-30T12:00:00Z", "by": "turns-atlassian"}]


def test_one_queue_that_refuses_it_keeps_it_from_no_other(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("sqs").delete_queue(QueueUrl=stage.queues["notices"])

    assert failed(stage.invoke("diagnose", canary())) == []

    assert stage.received("orders")
    output = capsys.readouterr().out
    assert "a canary is lost" in output
    assert '"CanaryReceived":[1' in output.replace(" ", ""), "that the watchtower lives is known all the same"


def test_one_that_is_lost_is_not_tried_again_for_whoever_sent_it_misses_it(stage: Stage) -> None:
    boto3.client("dynamodb").delete_table(TableName=TABLE)

    assert failed(stage.invoke("remediate", on("orders"))) == []


@pytest.mark.parametrize("age", [91, 3600, -61])
def test_one_that_is_stale_goes_no_further(stage: Stage, age: int, capsys: pytest.CaptureFixture[str]) -> None:
    old = canary(NOON - timedelta(seconds=age))

    assert failed(stage.invoke("diagnose", old)) == []
    assert not [queue for queue in NEXT if stage.received(queue)]
    assert "CanaryReceived" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "word"),
    [("remediate", "orders"), ("evidence", "evidence"), ("page", "turns"), ("elsewhere", "turns-atlassian")],
)
def test_one_that_went_stale_on_a_queue_that_was_blocked_leaves_no_word(stage: Stage, function: str, word: str) -> None:
    old = on(word, NOON - timedelta(seconds=91))

    assert failed(stage.invoke(function, old, groups={0: "canary"})) == []
    assert items() == 0


def test_one_that_went_stale_on_the_last_queue_reaches_no_topic(stage: Stage, heard: str) -> None:
    old = on("notices", NOON - timedelta(seconds=91))

    assert failed(stage.invoke("publish", old, groups={0: "canary"})) == []
    assert "Messages" not in boto3.client("sqs").receive_message(QueueUrl=heard)
    assert items() == 0


@pytest.mark.parametrize("queue", ["notices", "page"])
def test_it_has_an_order_of_its_own_so_that_nothing_waits_for_it(stage: Stage, queue: str) -> None:
    stage.invoke("diagnose", canary())

    sqs = boto3.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=stage.queues[queue], AttributeNames=["MessageGroupId"])["Messages"]
    assert message["Attributes"]["MessageGroupId"] == "canary"


@pytest.mark.parametrize("sent_at", ["yesterday", "2026-04-30T12:00:00", 7, None])
def test_one_that_makes_no_sense_is_set_aside(stage: Stage, sent_at: object) -> None:
    event = json.dumps(json.loads(EVENT.read_text()) | {"detail": {"sent_at": sent_at}})

    assert failed(stage.invoke("diagnose", event)) == ["m0"]
    for function in ("publish", "remediate", "evidence", "page", "elsewhere", "diagnose"):
        sent = json.dumps({"sent_at": sent_at, "by": "orders"})
        assert failed(stage.invoke(function, sent, groups={0: "canary"})) == ["m0"]


@pytest.mark.parametrize("by", ["", "Orders", "o" * 65, "orders\n"])
def test_a_way_that_is_none_is_set_aside(stage: Stage, by: str) -> None:
    assert failed(stage.invoke("remediate", on(by))) == ["m0"]


def test_a_sweep_that_saw_everything_leaves_word_where_a_watchtower_reads_it(stage: Stage) -> None:
    policy = Path(stage.environment["LAMBDA_TASK_ROOT"]) / "defib.toml"
    stage.invoke("sweep")
    assert heartbeat(SWEEP) is None, "nobody reads it without a watchtower"

    policy.write_text(policy.read_text() + WATCHED)
    stage.invoke("sweep")

    beat = heartbeat(SWEEP)
    assert beat is not None
    assert beat["at"] == {"S": "2026-04-30T12:00:00.000000+00:00"}
