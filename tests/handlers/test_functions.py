"""Each function once, wired as deployed: what it makes of a good message."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import time_machine
from moto.ec2.models import ec2_backends
from moto.elbv2.models import FakeHealthStatus

from defib.aws.clients import client
from defib.aws.observe import AwsObserver
from defib.aws.store import DynamoStore
from defib.aws.wire import encode
from defib.core.case import Action, Case, Perform
from defib.core.model import Observation
from defib.core.policy import Retention
from defib.core.rationing import FRESH
from defib.core.shift import Move, ShiftOrder
from defib.shell.ports import Transient
from defib.shell.store import Remembered
from tests.aws.account import ONCE
from tests.aws.cases import NOON, a_case, a_notice, an_incident
from tests.aws.table import TABLE
from tests.handlers.stage import Stage, failed

EVENTS = Path(__file__).parents[1] / "events"


@pytest.fixture
def store(stage: Stage) -> DynamoStore:
    return DynamoStore(client("dynamodb", ONCE), TABLE, Retention())


def event_about(instance_id: str, name: str = "state-stopped") -> str:
    return (EVENTS / f"{name}.json").read_text().replace("i-0a1b2c3d4e5f60001", instance_id)


def test_diagnose_opens_a_case_for_an_instance_that_stopped_unasked(stage: Stage, store: DynamoStore) -> None:
    web = stage.launch(service="web", self_heal="true")
    _stop_unasked(web)

    assert failed(stage.invoke("diagnose", event_about(web))) == []

    case = store.latest_case(web)
    assert case is not None
    assert (case.service, case.cause.value, case.version) == ("web", "stopped_unasked", 1)


def test_diagnose_leaves_strangers_alone(stage: Stage, store: DynamoStore) -> None:
    stranger = stage.launch(service="web")
    _stop_unasked(stranger)

    assert failed(stage.invoke("diagnose", event_about(stranger))) == []

    assert store.latest_case(stranger) is None


def test_diagnose_looks_at_the_unhealthy_targets_of_an_alarming_group(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[tuple[str, str]] = []
    # By the module that is invoked: a replay in the same process may have left another under the package's name.
    monkeypatch.setattr(
        stage.handler("diagnose"),
        "reconcile",
        lambda signal, edges, policy: looked_at.append((signal.source.value, signal.instance_id)),
    )
    monkeypatch.setattr(
        "defib.aws.observe.AwsObserver.unhealthy_targets",
        lambda self, arn: ("i-0a1b2c3d4e5f60001", "i-0a1b2c3d4e5f60002") if arn == stage.group else (),
    )
    body = (EVENTS / "alarm-target-group.json").read_text()
    body = body.replace("targetgroup/web/73e2d6bc24d8a067", stage.group.rpartition(":")[2])

    assert failed(stage.invoke("diagnose", body)) == []

    assert looked_at == [("load_balancer", "i-0a1b2c3d4e5f60001"), ("load_balancer", "i-0a1b2c3d4e5f60002")]


def test_a_target_that_can_not_be_looked_at_holds_up_no_other_of_its_group(
    stage: Stage, store: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = stage.launch_many(2, service="web", self_heal="true")
    _stop_unasked(first, second)
    monkeypatch.setattr("defib.aws.observe.AwsObserver.unhealthy_targets", lambda self, arn: (first, second))
    observe = AwsObserver.observe

    def throttled_once(self: AwsObserver, instance_id: str, *args: Any) -> Observation:
        if instance_id == first:
            raise Transient("describing instances: throttled", "RequestLimitExceeded")
        return observe(self, instance_id, *args)

    monkeypatch.setattr(AwsObserver, "observe", throttled_once)
    body = (EVENTS / "alarm-target-group.json").read_text()
    body = body.replace("targetgroup/web/73e2d6bc24d8a067", stage.group.rpartition(":")[2])

    assert failed(stage.invoke("diagnose", body)) == ["m0"]

    assert store.latest_case(first) is None
    assert store.latest_case(second) is not None


def test_a_sweep_has_a_load_balancer_asked_before_the_next_and_diagnose_looks_at_who_is_unhealthy_there(
    stage: Stage, store: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = stage.launch(service="web", self_heal="true")
    boto3.client("elbv2").register_targets(TargetGroupArn=stage.group, Targets=[{"Id": web}])
    stage.heals_applications("20s")
    stage.invoke("sweep")
    assert stage.received("signals") == []

    with time_machine.travel(NOON + timedelta(seconds=21), tick=False):
        (question,) = stage.received("signals")
        sick = FakeHealthStatus(web, "80", "80", "unhealthy")
        monkeypatch.setattr("moto.elbv2.models.FakeTargetGroup.health_for", lambda *_: sick)
        assert failed(stage.invoke("diagnose", json.dumps(question))) == []

    case = store.latest_case(web)
    assert case is not None
    assert (case.cause.value, case.opened_by.value) == ("application_down", "load_balancer")


def test_a_question_that_comes_too_late_is_dropped(stage: Stage) -> None:
    stage.heals_applications("20s")
    stage.invoke("sweep")

    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        questions = [json.dumps(body) for body in stage.received("signals")]
        boto3.client("elbv2").delete_target_group(TargetGroupArn=stage.group)
        assert failed(stage.invoke("diagnose", *questions)) == []

    assert len(questions) == 2


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


def test_a_sweep_sends_no_orders_unless_the_policy_says_start(stage: Stage) -> None:
    edges, *_ = stage.handler("sweep", without="DEFIB_ORDERS_QUEUE")._built()

    assert edges.queues._to.orders == ""


def test_evidence_is_kept_and_its_place_reported(stage: Stage, store: DynamoStore) -> None:
    web = stage.launch(service="web", self_heal="true")
    case = _remember(store, a_case(web).with_intent(Action.EVIDENCE, "before the stop", NOON))

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


def test_sweep_signals_what_fails_and_what_is_due(
    stage: Stage, store: DynamoStore, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped = stage.launch(service="web", self_heal="true")
    stage.launch(service="web", self_heal="true")
    _stop_unasked(stopped)
    _remember(store, a_case("i-0a1b2c3d4e5f60002", look_again_at=NOON))

    answer = stage.invoke("sweep")

    assert answer == {"suspects": 1, "waiting": 0, "due": 1, "resent": 0, "called": 0}
    signals = {(signal["source"], signal["instance_id"]) for signal in stage.received("signals")}
    assert signals == {("sweep", stopped), ("wake", "i-0a1b2c3d4e5f60002")}
    assert "SweepCompleted" in capsys.readouterr().out


def test_sweep_counts_those_of_a_crowd_and_the_next_has_people_told(stage: Stage, store: DynamoStore) -> None:
    policy = Path(stage.environment["LAMBDA_TASK_ROOT"]) / "defib.toml"
    policy.write_text(f"{policy.read_text()}\n[limits]\nzone_instances = 1000\n")
    stopped = stage.launch_many(FRESH + 20, service="web", self_heal="true")
    _stop_unasked(*stopped)

    found = stage.invoke("sweep")

    assert found["waiting"] == len(stopped)
    assert 0 < found["suspects"] < found["waiting"]
    crowd = store.stack().crowd
    assert crowd is not None
    assert crowd.waiting == {"web": len(stopped)}
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        stage.invoke("sweep")
    incident = store.latest_incident("defib:crowd")
    assert incident is not None
    assert incident.call is not None
    assert {message["incident_id"] for message in stage.received("notices")} == {"defib:crowd-1"}


def test_sweep_sends_unpublished_notices_again(stage: Stage, store: DynamoStore) -> None:
    long_ago = NOON - timedelta(minutes=2)
    store.remember(Remembered(a_case(), an_incident(), (a_notice(1, long_ago), a_notice(2, long_ago), a_notice(3))))

    assert stage.invoke("sweep")["resent"] == 2

    assert [message["sequence"] for message in stage.received("notices")] == [1, 2]


def test_a_sweep_that_did_not_see_everything_gives_no_sign_of_life(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("elbv2").delete_target_group(TargetGroupArn=stage.group)

    stage.invoke("sweep")

    lines = capsys.readouterr().out
    assert "swept in part" in lines
    assert "target group web" in lines
    assert "SweepCompleted" not in lines


def test_a_sweep_warns_of_who_cannot_be_reached_and_has_them_told(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    sns = boto3.client("sns")
    for subscription in sns.list_subscriptions_by_topic(TopicArn=stage.topic)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])

    assert stage.invoke("sweep")["resent"] == 0

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (warning,) = (line for line in lines if line.get("level") == "WARNING")
    assert (warning["message"], warning["address"], warning["problem"]) == (
        "address out of reach",
        "oncall@example.com",
        "unsubscribed",
    )
    assert [line["AddressesUnreachable"] for line in lines if "AddressesUnreachable" in line] == [[1.0]]
    assert [message["incident_id"] for message in stage.received("notices")] == ["defib:contacts-1"]


def test_a_look_at_addresses_that_fails_spoils_no_sweep(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("sns").delete_topic(TopicArn=stage.topic)

    stage.invoke("sweep")

    lines = capsys.readouterr().out
    assert "SweepCompleted" in lines
    assert "looked in part whether everybody can be reached" in lines


def _remember(store: DynamoStore, case: Case) -> Case:
    return store.remember(Remembered(case, None, ())).case


def _state(instance_id: str) -> str:
    described = boto3.client("ec2").describe_instances(InstanceIds=[instance_id])
    return str(described["Reservations"][0]["Instances"][0]["State"]["Name"])


def _stop_unasked(*instance_ids: str) -> None:
    """Stop them, and let EC2 give a reason that is nobody's wish."""
    boto3.client("ec2").stop_instances(InstanceIds=instance_ids)
    for instance_id in instance_ids:
        instance = ec2_backends["123456789012"]["us-east-1"].get_instance(instance_id)
        instance.state_reason.code = "Server.InternalError"
        instance.state_reason.message = "Server.InternalError: Internal error on launch"


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
