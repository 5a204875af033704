"""Bad input harms its own message only, is named in the log, and ends in the dead-letter queue."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.sqs.models import sqs_backends

from defib.aws.clock import SystemClock
from tests.aws.fleet import Overlay
from tests.handlers.stage import Context, Stage, batch, clients_in, failed

EVENTS = Path(__file__).parents[1] / "events"
STOPPED = (EVENTS / "state-stopped.json").read_text()
NO_INSTANCE = (EVENTS / "alarm-fleet-parent.json").read_text()
ORDER = json.dumps({"case_id": "i-0a1b2c3d-1", "instance_id": "i-0a1b2c3d", "attempt": 1, "action": "stop"})
NOTICE = json.dumps({"incident_id": "web-7", "sequence": 1})

HOSTILE = {
    "empty": "",
    "no JSON": "not json",
    "no object": "[1, 2, 3]",
    "deep": '{"a":' * 20_000,
    "oversized": json.dumps({"detail-type": "x", "padding": "x" * 300_000}),
    "unknown event": json.dumps({**json.loads(STOPPED), "source": "aws.rds", "detail-type": "RDS DB Instance Event"}),
    "another id": STOPPED.replace("i-0a1b2c3d4e5f60001", "i-0a1b2c3d4e5f60001'; drop table"),
    "control characters": json.dumps({"detail-type": "\u0000\u001b[2J\u202e", "source": "aws.ec2"}),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_message_nobody_can_read_fails_alone(stage: Stage, capsys: pytest.CaptureFixture[str], hostile: str) -> None:
    response = stage.invoke("diagnose", STOPPED, hostile, NO_INSTANCE)

    assert failed(response) == ["m1"]
    (line,) = [line for line in _lines(capsys) if line.get("level") == "ERROR"]
    assert line["message"] == "malformed message"
    assert line["message_id"] == "m1"
    assert line["problem"].isprintable()
    assert len(line["body"]) <= 1000


@pytest.mark.parametrize(("function", "good"), [("remediate", ORDER), ("evidence", ORDER), ("publish", NOTICE)])
def test_every_function_sets_bad_messages_aside(stage: Stage, function: str, good: str) -> None:
    response = stage.invoke(function, good, "not json", groups={0: "web-7", 1: "web-8"})

    assert failed(response) == ["m1"]


def test_bad_messages_are_counted(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.invoke("diagnose", "not json", "{}")

    counted = [line for line in _lines(capsys) if "MalformedSignals" in line]
    assert [line["service"] for line in counted] == ["diagnose", "diagnose"]


def test_a_batch_of_nothing_but_bad_messages_is_no_failure_of_the_function(stage: Stage) -> None:
    assert failed(stage.invoke("diagnose", "not json", "{}")) == ["m0", "m1"]


def test_a_passing_fault_of_aws_brings_the_message_back(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    throttled = Overlay(refusals={"DescribeInstances": "RequestLimitExceeded"})

    assert failed(stage.diagnose(throttled, STOPPED, NO_INSTANCE)) == ["m0"]
    (line,) = [line for line in _lines(capsys) if line.get("level") == "WARNING"]
    assert (line["message"], line["code"], line["message_id"]) == ("will be tried again", "RequestLimitExceeded", "m0")


def test_a_defect_of_defib_fails_its_message_with_its_trace(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    unforeseen = Overlay(answers={"DescribeInstances": {"Reservations": 7}})

    assert failed(stage.diagnose(unforeseen, STOPPED, NO_INSTANCE)) == ["m0"]
    (line,) = [line for line in _lines(capsys) if line.get("level") == "ERROR"]
    assert (line["message"], line["exception_name"]) == ("defect", "TypeError")
    assert line["exception"].startswith("Traceback")


def test_a_failed_notice_holds_up_its_own_incident_only(stage: Stage) -> None:
    groups = {0: "web-7", 1: "web-7", 2: "db-1"}

    response = stage.invoke(
        "publish", "not json", NOTICE, json.dumps({"incident_id": "db-1", "sequence": 1}), groups=groups
    )

    assert failed(response) == ["m0", "m1"]


def test_a_digest_before_its_time_is_put_off_and_is_neither_done_nor_an_error(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    at = SystemClock().now() + timedelta(seconds=45)
    sqs, url = boto3.client("sqs"), stage.queues["notices"]
    body = json.dumps({"contact": "oncall", "at": at.isoformat()})
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="DIGEST", MessageDeduplicationId="DIGEST")
    (taken,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=1)["Messages"]

    event = batch(body, groups={0: "DIGEST"})
    event["Records"][0]["receiptHandle"] = taken["ReceiptHandle"]
    assert failed(stage.handler("publish").lambda_handler(event, Context())) == ["m0"]

    hidden = sqs_backends[ACCOUNT_ID]["us-east-1"].get_queue("notices.fifo")._messages[0].visible_at / 1000
    assert at.timestamp() <= hidden <= at.timestamp() + 2
    assert [line for line in _lines(capsys) if line.get("level") in ("WARNING", "ERROR")] == []


@pytest.mark.parametrize(
    ("received", "seconds"), [(1, 5), (2, 60)], ids=["the first time: soon", "again: when the queue has it"]
)
def test_a_notice_that_failed_the_first_time_comes_again_soon(stage: Stage, received: int, seconds: int) -> None:
    sqs, url = boto3.client("sqs"), stage.queues["notices"]
    sqs.send_message(QueueUrl=url, MessageBody=NOTICE, MessageGroupId="web-7", MessageDeduplicationId="web-7-1")
    before = SystemClock().now().timestamp()
    (taken,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"]
    event = batch(NOTICE, groups={0: "web-7"})
    event["Records"][0]["receiptHandle"] = taken["ReceiptHandle"]
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(received)

    publish = stage.handler("publish")
    for made in clients_in(publish._built()):
        Overlay(refusals={"GetItem": "ThrottlingException"}).lay_over(made)
    assert failed(publish.lambda_handler(event, Context())) == ["m0"]

    hidden = sqs_backends[ACCOUNT_ID]["us-east-1"].get_queue("notices.fifo")._messages[0].visible_at / 1000
    assert before + seconds <= hidden <= SystemClock().now().timestamp() + seconds + 1


def test_a_digest_whose_time_has_come_is_done(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    body = json.dumps({"contact": "oncall", "at": SystemClock().now().isoformat()})

    assert failed(stage.invoke("publish", body, groups={0: "DIGEST"})) == []
    assert "summed up" in [line.get("message") for line in _lines(capsys)]


def test_log_lines_name_the_request(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.invoke("diagnose", "not json")

    lines = [line for line in _lines(capsys) if line.get("level")]
    assert {line["function_request_id"] for line in lines} == {"52fdfc07-2182-454f-963f-5f0f9a621d72"}
    assert {line["service"] for line in lines} == {"diagnose"}


def test_one_message_leaves_nothing_in_the_log_lines_of_the_next_invocation(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.invoke("publish", NOTICE, groups={0: "web-7"})
    stage.invoke("sweep")

    (line,) = [line for line in _lines(capsys) if line.get("message") == "swept"]
    assert "message_id" not in line


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
