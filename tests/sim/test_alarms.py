"""Queues as the simulated CloudWatch measures them: what is set aside rings each time, what is worked on grows old."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import boto3
import pytest

from sim.queues import MEASURED_FOR
from sim.template import Resource
from sim.wiring import Wiring
from sim.world import World
from tests.sim.small_world import dead, function, run_for, send, wiring, world

ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:set-aside"
MINUTE = timedelta(minutes=1)


def on_what_is_set_aside() -> Wiring:
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": "dead"}],
    }
    properties = {
        "Metrics": [
            {"Id": "risen", "Expression": "DIFF(lying)"},
            {"Id": "lying", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}, "ReturnData": False},
        ],
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 1,
        "TreatMissingData": "notBreaching",
    }
    alarm = Resource("SetAside", "AWS::CloudWatch::Alarm", properties, {}, "set-aside", ARN, "set-aside")
    return replace(wiring(function("fail")), alarms=(alarm,))


def url(entered: World, name: str) -> str:
    return next(queue.url for queue in entered.wiring.queues if queue.name == name)


def states(entered: World, minutes: int) -> list[str]:
    """Of the one alarm, minute by minute."""
    found = []
    for _ in range(minutes):
        run_for(entered, MINUTE)
        found.append(entered.alarms.all[0].state)
    return found


def test_what_is_set_aside_rings_for_some_minutes_and_again_for_the_next_though_it_still_lies_there() -> None:
    with world(on_what_is_set_aside()) as entered:
        assert states(entered, 6) == ["OK"] * 6
        for number in (1, 2):
            send(entered, f"poison {number}")
            told = states(entered, 10)
            assert dead(entered) == number
            assert (told.count("ALARM") in (3, 4), told[-1]) == (True, "OK")


def test_what_has_long_lain_there_does_not_ring_again_after_minutes_that_were_not_measured() -> None:
    with world(on_what_is_set_aside()) as entered:
        run_for(entered, 3 * MINUTE)
        send(entered, "poison")
        assert "ALARM" in states(entered, 10)
        for lost in (1, 4, 30):
            entered.queues._used["dead"] -= MEASURED_FOR
            run_for(entered, lost * MINUTE)
            boto3.client("sqs").get_queue_attributes(QueueUrl=url(entered, "dead"), AttributeNames=["QueueArn"])
            assert states(entered, 10) == ["OK"] * 10


@pytest.mark.parametrize("asked", [True, False], ids=["asked each hour", "asked by nobody"])
def test_after_a_quiet_night_what_is_set_aside_rings_only_if_somebody_has_had_the_queue_measured(asked: bool) -> None:
    with world(on_what_is_set_aside()) as entered:
        for _ in range(7):
            if asked:
                boto3.client("sqs").get_queue_attributes(QueueUrl=url(entered, "dead"), AttributeNames=["QueueArn"])
            run_for(entered, timedelta(hours=1))

        send(entered, "poison")

        assert ("ALARM" in states(entered, 10)) is asked


def test_a_message_that_is_being_worked_on_grows_as_old_as_one_that_waits() -> None:
    with world(wiring(function("fail"))) as entered:
        send(entered, "poison")
        run_for(entered, timedelta(seconds=90))

        assert entered.queues.visible("orders") == 0
        assert entered.queues.oldest("orders") == 90
