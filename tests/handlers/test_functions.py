"""Each function once, wired as deployed: what it makes of a good message."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import time_machine

from defib.aws.store import DynamoStore
from defib.aws.wire import encode
from defib.core.case import Action
from defib.core.effect import Perform
from defib.core.shift import Move, ShiftOrder
from defib.shell.store import Remembered
from tests.aws.cases import NOON, a_case, a_notice, an_incident
from tests.aws.fleet import Overlay
from tests.handlers.stage import Stage, failed, stop_unasked

EVENTS = Path(__file__).parents[1] / "events"


def event_about(instance_id: str, name: str = "state-stopped") -> str:
    return (EVENTS / f"{name}.json").read_text().replace("i-0a1b2c3d4e5f60001", instance_id)


def test_diagnose_opens_a_case_for_an_instance_that_stopped_unasked(stage: Stage, store: DynamoStore) -> None:
    web = stage.launch(service="web", self_heal="true")
    stop_unasked(web)

    assert failed(stage.invoke("diagnose", event_about(web))) == []

    case = store.latest_case(web)
    assert case is not None
    assert (case.service, case.cause.value, case.version) == ("web", "stopped_unasked", 1)


def test_diagnose_leaves_strangers_alone(stage: Stage, store: DynamoStore) -> None:
    stranger = stage.launch(service="web")
    stop_unasked(stranger)

    assert failed(stage.invoke("diagnose", event_about(stranger))) == []

    assert store.latest_case(stranger) is None


def alarming(stage: Stage) -> str:
    """An alarm about the stage's target group."""
    body = (EVENTS / "alarm-target-group.json").read_text()
    return body.replace("targetgroup/web/73e2d6bc24d8a067", stage.group.rpartition(":")[2])


def unhealthy(*instance_ids: str) -> Overlay:
    """AWS, whose load balancer finds these so."""
    told = [{"Target": {"Id": i, "Port": 80}, "TargetHealth": {"State": "unhealthy"}} for i in instance_ids]
    return Overlay(answers={"DescribeTargetHealth": {"TargetHealthDescriptions": told}})


def test_diagnose_looks_at_the_unhealthy_targets_of_an_alarming_group(stage: Stage, store: DynamoStore) -> None:
    with time_machine.travel(NOON - timedelta(hours=1), tick=False):
        targets = stage.launch_many(2, service="web", self_heal="true")
    aws = unhealthy(*targets)

    assert failed(stage.diagnose(aws, alarming(stage))) == []

    assert aws.named("DescribeTargetHealth")[0]["TargetGroupArn"] == stage.group
    cases = [store.latest_case(target) for target in targets]
    assert [case and (case.opened_by.value, case.cause.value) for case in cases] == 2 * [
        ("load_balancer", "application_down")
    ]


def test_a_target_that_can_not_be_looked_at_holds_up_no_other_of_its_group(stage: Stage, store: DynamoStore) -> None:
    first, second = stage.launch_many(2, service="web", self_heal="true")
    stop_unasked(first, second)
    aws = unhealthy(first, second)
    aws.refuse_if("DescribeInstances", "RequestLimitExceeded", lambda asked: first in str(asked))

    assert failed(stage.diagnose(aws, alarming(stage))) == ["m0"]

    assert store.latest_case(first) is None
    assert store.latest_case(second) is not None


def test_diagnose_keeps_what_aws_health_says_of_ec2_itself(
    stage: Stage, store: DynamoStore, capsys: pytest.CaptureFixture[str]
) -> None:
    opened, closed = ((EVENTS / f"health-zone-issue{name}.json").read_text() for name in ("", "-closed"))

    assert failed(stage.invoke("diagnose", opened)) == []
    assert [(i.zone_ids, i.over) for i in store.stack().issues.known] == [(("use1-az4",), False)]
    assert "AWS Health tells of an issue" in capsys.readouterr().out

    assert failed(stage.invoke("diagnose", closed, opened)) == []
    assert [i.over for i in store.stack().issues.known] == [True]


def test_remediate_drops_an_order_that_no_case_intends(stage: Stage) -> None:
    web = stage.launch(service="web", self_heal="true")

    assert failed(stage.invoke("remediate", encode(Perform(f"{web}-1", web, 1, Action.STOP)))) == []

    assert _state(web) == "running"


def test_remediate_drops_an_order_of_a_zonal_shift_that_nobody_wants(stage: Stage) -> None:
    order = ShiftOrder("arn:aws:x", "us-east-1a", Move.START, NOON)

    assert failed(stage.invoke("remediate", encode(order))) == []


def test_evidence_is_kept_and_its_place_reported(stage: Stage, store: DynamoStore) -> None:
    web = stage.launch(service="web", self_heal="true")
    case = store.remember(Remembered(a_case(web).with_intent(Action.EVIDENCE, "before the stop", NOON))).case

    assert failed(stage.invoke("evidence", encode(Perform(case.id, web, 1, Action.EVIDENCE)))) == []

    (signal,) = stage.received("signals")
    assert signal["result"]["verdict"] == "done"
    assert signal["result"]["detail"].startswith(f"s3://evidence/web/{web}-1/1/")
    keys = [entry["Key"] for entry in boto3.client("s3").list_objects_v2(Bucket="evidence")["Contents"]]
    assert f"web/{web}-1/1/manifest.json" in keys


def test_publish_tells_people_once(stage: Stage, store: DynamoStore) -> None:
    store.remember(Remembered(a_case(), an_incident(), (a_notice(),)))
    oncall = _subscribe(stage.topic)
    body = json.dumps({"incident_id": "web-7", "sequence": 1})

    for _ in range(2):
        assert failed(stage.invoke("publish", body, groups={0: "web-7"})) == []

    assert [json.loads(text)["Subject"] for text in oncall()] == ["web-1 is down"]
    assert store.published_at("web-7", 1) is not None


def test_what_publish_could_not_tell_goes_on_alone_until_it_can_be_told(stage: Stage, store: DynamoStore) -> None:
    store.remember(Remembered(a_case(), an_incident(), (a_notice(),)))
    boto3.client("sns").delete_topic(TopicArn=stage.topic)

    assert failed(stage.invoke("publish", json.dumps({"incident_id": "web-7", "sequence": 1}), groups={0: "a"})) == []
    (alone,) = stage.received("notices")
    assert alone == {"incident_id": "web-7", "sequence": 1, "way": "oncall sns"}
    assert failed(stage.invoke("publish", json.dumps(alone), groups={0: "b"})) == ["m0"], "it is tried, and set aside"

    boto3.client("sns").create_topic(Name="incidents")
    oncall = _subscribe(stage.topic)
    assert failed(stage.invoke("publish", json.dumps(alone), groups={0: "b"})) == []
    assert [json.loads(text)["Subject"] for text in oncall()] == ["web-1 is down"]
    assert store.published_at("web-7", 1) is not None


def _state(instance_id: str) -> str:
    described = boto3.client("ec2").describe_instances(InstanceIds=[instance_id])
    return str(described["Reservations"][0]["Instances"][0]["State"]["Name"])


def _subscribe(topic: str) -> Any:
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="oncall")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def received() -> list[str]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [message["Body"] for message in messages]

    return received


def test_a_copy_of_the_page_that_fails_is_counted_as_the_copy_and_the_page_is_made(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = Path(stage.environment["LAMBDA_TASK_ROOT"]) / "defib.toml"
    policy.write_text(policy.read_text().replace("[page]\n", '[page]\nfailover_region = "us-west-2"\n'))
    stage.environment["DEFIB_PAGE_COPY"] = "a-bucket-that-is-gone"
    answer = stage.invoke("page", '{"change": "sweep"}', groups={0: "page"})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert failed(answer) == []
    assert b"Website" in stage.document("index.html")
    assert [line["PageCopyFailed"] for line in lines if "PageCopyFailed" in line] == [[1.0]]
    (told,) = [line for line in lines if line.get("message") == "the page's copy failed"]
    assert told["copy"] == "a-bucket-that-is-gone"
