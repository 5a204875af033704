"""The world that boots from the synthesized template: events, alarms, schedules and messages find their way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from defib.core.parse import parse as parse_policy
from sim.faults import FaultKind
from sim.listener import Deaf
from sim.metrics import Metric
from sim.replay import POLICY, wiring_for
from sim.world import World
from tests.sim.small_world import run_for, scenario, strike

MINUTE = timedelta(minutes=1)


@pytest.fixture
def deployed() -> Iterator[World]:
    """The shipped stack, whole, around the small fleet."""
    policy = parse_policy(POLICY.read_text(encoding="utf-8"))
    with World(scenario(), policy, wiring_for(POLICY), 1, Deaf()) as entered:
        yield entered


@pytest.fixture
def bodies(deployed: World, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Every AWS event that reaches a queue."""
    seen: list[dict[str, object]] = []
    put = deployed.queues.put

    def note(queue_arn: str, body: str, sender: str, source_arn: str, group: str = "") -> None:
        seen.append(json.loads(body))
        put(queue_arn, body, sender, source_arn, group)

    monkeypatch.setattr(deployed.queues, "put", note)
    return seen


def kinds(bodies: list[dict[str, object]]) -> list[object]:
    return [body["detail-type"] for body in bodies]


def test_a_fleet_at_rest_is_swept_every_minute_and_nothing_else_happens(deployed: World) -> None:
    run_for(deployed, 10 * MINUTE)

    assert deployed.recorder.ledger.invocations == {"sweep": 10, "page": 10}
    assert deployed.recorder.ledger.errors == []
    assert deployed.alarms.fired == []
    assert deployed.records.cases() == ()


def test_a_state_change_reaches_the_signals_as_an_aws_event(deployed: World, bodies: list[dict[str, object]]) -> None:
    machine = deployed.machines["web-1"]
    boto3.client("ec2").stop_instances(InstanceIds=[machine.instance_id])
    run_for(deployed, timedelta(seconds=2))

    (event,) = bodies
    assert event["source"] == "aws.ec2"
    assert event["time"] == "2026-04-30T12:00:00Z"
    assert event["detail"] == {"instance-id": machine.instance_id, "state": "stopping"}


def test_the_fleet_alarm_names_the_failing_instance_and_tells_when_it_is_over(
    deployed: World, bodies: list[dict[str, object]]
) -> None:
    machine = strike(deployed, FaultKind.EBS_IMPAIRED, lasts=2 * MINUTE)
    run_for(deployed, 6 * MINUTE)

    told = [b for b in bodies if b["detail-type"] == "CloudWatch Alarm Contributor State Change"]
    details = [json.loads(json.dumps(b["detail"])) for b in told]
    assert [d["state"]["value"] for d in details] == ["ALARM", "OK"]
    assert {d["alarmContributor"]["attributes"]["InstanceId"] for d in details} == {machine.instance_id}
    assert kinds(bodies).count("CloudWatch Alarm State Change") == 2


def test_a_sweep_that_stops_running_is_told_to_people_by_cloudwatch_itself(
    deployed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_for(deployed, 5 * MINUTE)
    monkeypatch.setattr(deployed.functions, "invoke", lambda *_: None)
    run_for(deployed, 5 * MINUTE)

    assert any("Heartbeat" in name for name in deployed.alarms.fired)
    assert {m.to for m in deployed.recorder.messages} == {"oncall@example.com", "+12025550123"}


def test_what_functions_write_in_embedded_format_is_measured(deployed: World) -> None:
    run_for(deployed, 2 * MINUTE)
    heartbeat = Metric.of("Defib", "SweepCompleted", service="sweep")

    start = deployed.scenario.start
    assert deployed.metrics.statistic(heartbeat, "Sum", start, start + 2 * MINUTE) == 2


def test_a_message_reaches_those_whose_filter_lets_it_through(deployed: World) -> None:
    topic = next(s.topic_arn for s in deployed.wiring.subscriptions if s.filter_policy)
    attributes: dict[str, Any] = {
        "contact": {"DataType": "String", "StringValue": "oncall"},
        "media": {"DataType": "String.Array", "StringValue": '["email"]'},
        "service": {"DataType": "String", "StringValue": "web"},
        "notice": {"DataType": "String", "StringValue": "progress"},
        "incident": {"DataType": "String", "StringValue": "web-1"},
    }
    texts = json.dumps({"default": "d", "email": "long", "sms": "short"})
    boto3.client("sns").publish(
        TopicArn=topic, Subject="Hello", Message=texts, MessageStructure="json", MessageAttributes=attributes
    )
    run_for(deployed, timedelta(seconds=10))

    (message,) = deployed.recorder.messages
    assert (message.medium, message.subject, message.body) == ("email", "Hello", "long")
    assert (message.incident_id, message.notice) == ("web-1", "progress")
