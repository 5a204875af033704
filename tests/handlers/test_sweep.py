"""The sweep, wired as deployed: what it signals, asks, counts and sends again, and what it says when it saw less."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
import time_machine
from moto.elbv2.models import FakeHealthStatus

from defib.aws.store import DynamoStore
from defib.core.rationing import FRESH
from defib.shell.store import Remembered
from tests.aws.cases import NOON, a_case, a_notice, an_incident
from tests.aws.fleet import Overlay
from tests.handlers.stage import Context, Stage, clients_in, failed, stop_unasked


def test_a_sweep_has_a_load_balancer_asked_before_the_next_and_diagnose_looks_at_who_is_unhealthy_there(
    stage: Stage, store: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOON - timedelta(hours=1), tick=False):
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


def test_a_sweep_sends_no_orders_unless_the_policy_says_start(stage: Stage) -> None:
    edges, *_ = stage.handler("sweep", without="DEFIB_ORDERS_QUEUE")._built()

    assert edges.queues._to.orders == ""


def test_sweep_signals_what_fails_and_what_is_due(
    stage: Stage, store: DynamoStore, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped = stage.launch(service="web", self_heal="true")
    stage.launch(service="web", self_heal="true")
    stop_unasked(stopped)
    store.remember(Remembered(a_case("i-0a1b2c3d4e5f60002", look_again_at=NOON)))

    answer = stage.invoke("sweep")

    assert answer == {"suspects": 1, "waiting": 0, "due": 1, "resent": 0, "called": 0}
    signals = {(signal["source"], signal["instance_id"]) for signal in stage.received("signals")}
    assert signals == {("sweep", stopped), ("wake", "i-0a1b2c3d4e5f60002")}
    assert "SweepCompleted" in capsys.readouterr().out


def test_sweep_counts_those_of_a_crowd_and_the_next_has_people_told(stage: Stage, store: DynamoStore) -> None:
    policy = Path(stage.environment["LAMBDA_TASK_ROOT"]) / "defib.toml"
    policy.write_text(f"{policy.read_text()}\n[limits]\nzone_instances = 1000\n")
    stopped = stage.launch_many(FRESH + 20, service="web", self_heal="true")
    stop_unasked(*stopped)

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

    assert [message["sequence"] for message in stage.received("notices")] == [2], "which takes the first along"


def test_a_sweep_that_did_not_see_everything_gives_no_sign_of_life(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("elbv2").delete_target_group(TargetGroupArn=stage.group)

    stage.invoke("sweep")

    lines = capsys.readouterr().out
    assert "swept in part" in lines
    assert "target group web" in lines
    assert "SweepCompleted" not in lines


def test_nor_does_one_that_dies_before_it_has_ended(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = stage.handler("sweep")
    monkeypatch.setattr(sweep, "look", lambda *_: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        stage.invoke("sweep")

    lines = capsys.readouterr().out
    assert '"swept"' in lines
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


def test_a_new_sweep_has_sqs_go_on_measuring_what_was_set_aside(stage: Stage) -> None:
    module, asked = stage.handler("sweep"), Overlay()
    for made in clients_in(module._built()):
        asked.lay_over(made)

    module.lambda_handler({}, Context())

    assert [params["QueueUrl"] for params in asked.named("GetQueueAttributes")] == stage.letters


def test_a_sweep_for_which_no_time_is_left_asks_for_none_of_it(stage: Stage) -> None:
    module, asked = stage.handler("sweep"), Overlay()
    for made in clients_in(module._built()):
        asked.lay_over(made)

    module.lambda_handler({}, Late())

    assert asked.named("GetQueueAttributes") == []


def test_queues_that_can_not_be_asked_spoil_no_sweep(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    module = stage.handler("sweep")
    for made in clients_in(module._built()):
        Overlay(refusals={"GetQueueAttributes": "AccessDenied"}).lay_over(made)

    module.lambda_handler({}, Context())

    lines = capsys.readouterr().out
    assert "SweepCompleted" in lines
    assert "could not have SQS go on measuring what was set aside" in lines


class Late(Context):
    """Of a sweep that has taken most of its time."""

    def get_remaining_time_in_millis(self) -> int:
        return 10_000
