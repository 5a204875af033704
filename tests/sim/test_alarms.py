"""Queues as the simulated CloudWatch measures them: what is set aside rings each time, what is worked on grows old."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

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
            {"Id": "risen", "Expression": "DIFF(FILL(lying, 0))"},
            {"Id": "lying", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}, "ReturnData": False},
        ],
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 1,
        "TreatMissingData": "notBreaching",
    }
    alarm = Resource("SetAside", "AWS::CloudWatch::Alarm", properties, {}, "set-aside", ARN, "set-aside")
    return replace(wiring(function("fail")), alarms=(alarm,))


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
            assert (told.count("ALARM") in (5, 6), told[-1]) == (True, "OK")


def test_a_message_that_is_being_worked_on_grows_as_old_as_one_that_waits() -> None:
    with world(wiring(function("fail"))) as entered:
        send(entered, "poison")
        run_for(entered, timedelta(seconds=90))

        assert entered.queues.visible("orders") == 0
        assert entered.queues.oldest("orders") == 90
