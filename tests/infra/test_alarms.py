from __future__ import annotations

import json
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from defib.aws import journal
from defib.core.words import SMS_MAX
from defib.handlers.batch import each_message
from defib.handlers.page import COPY_FAILED
from defib.handlers.stashboard import SECRET_UNUSABLE
from defib.shell.ports import Unanswered
from infra.functions import SHAPES
from tests.handlers.stage import Context
from tests.infra.synthesized import Synthesized

ONE_MESSAGE = {"Records": [{"messageId": "1", "body": "{}", "eventSource": "aws:sqs", "attributes": {}}]}


def watching(stack: Synthesized, metric: str) -> list[dict[str, Any]]:
    return [alarm for alarm in stack.of("AWS::CloudWatch::Alarm").values() if alarm.get("MetricName") == metric]


def about(alarm: dict[str, Any]) -> str:
    return str(alarm["Dimensions"][0]["Value"])


def unanswered(body: str) -> None:
    raise Unanswered(f"{body}: no answer")


def test_the_fleet_alarm_sorts_failing_instances_first_and_takes_silence_for_health(stack: Synthesized) -> None:
    alarm = stack.one("AWS::CloudWatch::Alarm", "FleetAlarm")
    (query,) = alarm["Metrics"]

    assert query["Expression"] == (
        'SELECT MAX(StatusCheckFailed) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId ORDER BY MAX() DESC'
    )
    assert query["Period"] == 60
    assert query["ReturnData"] is True
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, "notBreaching")
    assert "AlarmActions" not in alarm, "its events go to signals; people hear from publish"


@pytest.mark.parametrize(
    ("group", "load_balancer", "namespace"),
    [
        ("targetgroup/web/73e2d6bc24d8a067", "app/web/50dc6c495c0c9188", "AWS/ApplicationELB"),
        ("targetgroup/db/83e2d6bc24d8a068", "net/db/60dc6c495c0c9189", "AWS/NetworkELB"),
    ],
)
def test_a_configured_target_group_has_an_alarm(
    stack: Synthesized, group: str, load_balancer: str, namespace: str
) -> None:
    (alarm,) = (a for a in watching(stack, "UnHealthyHostCount") if group in str(a["Dimensions"]))

    assert {d["Name"]: d["Value"] for d in alarm["Dimensions"]} == {
        "TargetGroup": group,
        "LoadBalancer": load_balancer,
    }
    assert (alarm["Namespace"], alarm["Statistic"], alarm["Period"]) == (namespace, "Maximum", 60)
    assert "AlarmActions" not in alarm


def test_whatever_is_set_aside_is_told_each_time_by_one_of_three_alarms(stack: Synthesized) -> None:
    set_aside = [key for key in stack.of("AWS::SQS::Queue") if key.startswith("SetAside")]
    fed = [queue["RedrivePolicy"] for queue in stack.of("AWS::SQS::Queue").values() if "RedrivePolicy" in queue]

    assert len(set_aside) == 3
    assert {redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] for redrive in fed} < set(set_aside)
    for part in ("WatchDeadLetters", "WatchOrderedDeadLetters", "WatchUndelivered"):
        alarm = stack.one("AWS::CloudWatch::Alarm", part)
        risen, lying = alarm["Metrics"]
        assert risen["Expression"] == "DIFF(lying)", (
            "the next one must ring though the last one still lies there, and a minute without data is no rise"
        )
        metric = lying["MetricStat"]["Metric"]
        assert metric["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert metric["Dimensions"][0]["Value"]["Fn::GetAtt"][0].startswith(part.replace("Watch", "SetAside"))
        assert (alarm["Threshold"], lying["MetricStat"]["Stat"], lying["MetricStat"]["Period"]) == (1, "Maximum", 60)
        # So long that a watchtower finds it twice; what is added meanwhile does not ring by itself.
        assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (1, 3)
        assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize(("part", "api"), [("AnswersFailing", "Answers"), ("PageApiFailing", "StashboardApi")])
def test_what_people_call_is_watched_by_what_its_api_answers(stack: Synthesized, part: str, api: str) -> None:
    alarm = stack.one("AWS::CloudWatch::Alarm", part)

    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/ApiGateway", "5xx", "Sum")
    assert alarm["Dimensions"] == [{"Name": "ApiId", "Value": {"Ref": stack.id_of("AWS::ApiGatewayV2::Api", api)}}]
    assert (alarm["Threshold"], alarm["Period"]) == (3, 300)


def test_no_alarm_counts_errors_or_throttles_which_are_seen_by_what_is_not_done(stack: Synthesized) -> None:
    assert watching(stack, "Errors") == []
    assert watching(stack, "Throttles") == []


def test_every_function_is_watched_by_its_queue_or_its_api_or_its_heartbeat(stack: Synthesized) -> None:
    queues = stack.of("AWS::SQS::Queue")
    waiting = {about(a) for a in watching(stack, "ApproximateAgeOfOldestMessage")}
    waiting |= {about(a) for a in watching(stack, "ApproximateNumberOfMessagesVisible")}
    fed = set()
    for mapping in stack.of("AWS::Lambda::EventSourceMapping").values():
        queue = mapping["EventSourceArn"]["Fn::GetAtt"][0]
        assert "RedrivePolicy" in queues[queue]
        assert any(queue in watched for watched in waiting)
        fed.add(mapping["FunctionName"]["Ref"])
    called = {about(a) for a in watching(stack, "5xx")}
    apis = {api for api in stack.of("AWS::ApiGatewayV2::Api") if any(api in watched for watched in called)}
    behind = {
        permission["FunctionName"]["Fn::GetAtt"][0]
        for permission in stack.of("AWS::Lambda::Permission").values()
        if any(api in str(permission) for api in apis)
    }

    beats = [
        alarm["Metrics"][1]["MetricStat"]["Metric"]
        for alarm in stack.of("AWS::CloudWatch::Alarm").values()
        if "beats" in str(alarm)
    ]
    silent = {dimension["Value"] for beat in beats for dimension in beat["Dimensions"]}

    for function in SHAPES:
        logical_id = stack.id_of("AWS::Lambda::Function", f"{function.capitalize()}Function")
        assert (logical_id in fed) + (logical_id in behind) == (function != "sweep")
    assert "sweep" in silent


def test_every_queue_that_falls_behind_is_watched(stack: Synthesized) -> None:
    late = {about(alarm) for alarm in watching(stack, "ApproximateAgeOfOldestMessage")}
    (backlog,) = watching(stack, "ApproximateNumberOfMessagesVisible")

    assert len(late) == 4
    assert stack.id_of("AWS::SQS::Queue", "SignalsQueue") in about(backlog)
    assert (backlog["Statistic"], backlog["EvaluationPeriods"]) == ("Minimum", 2)


def test_one_alarm_hears_of_every_function_that_aws_does_not_answer(
    stack: Synthesized, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Defib")
    alarm = stack.one("AWS::CloudWatch::Alarm", "WatchUnanswered")
    for function in ("diagnose", "remediate"):
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", function)
        each_message(ONE_MESSAGE, Context(), Logger(service=function), unanswered)  # type: ignore[arg-type]  # as much of a context as is read
        (emitted,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
        (metric,) = emitted["_aws"]["CloudWatchMetrics"]
        assert (metric["Namespace"], metric["Metrics"][0]["Name"]) == (alarm["Namespace"], alarm["MetricName"])
        (dimensions,) = metric["Dimensions"]
        assert [{"Name": name, "Value": emitted[name]} for name in dimensions] == alarm["Dimensions"]
    assert (alarm["Threshold"], alarm["Period"]) == (2, 300), "one call that hangs is made good by the next delivery"


def test_a_sweep_that_has_not_run_is_an_alarm_because_silence_is(stack: Synthesized) -> None:
    alarm = stack.one("AWS::CloudWatch::Alarm", "SweepHeartbeat")
    filled, beats = alarm["Metrics"]

    assert filled["Expression"] == "FILL(beats, 0)", "missing datapoints alone would be two periods late"
    metric = beats["MetricStat"]["Metric"]
    assert (metric["Namespace"], metric["MetricName"]) == ("Defib", "SweepCompleted")
    assert metric["Dimensions"] == [{"Name": "service", "Value": "sweep"}]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "LessThanThreshold")
    assert beats["MetricStat"]["Period"] * alarm["EvaluationPeriods"] == 150


@pytest.mark.parametrize(("part", "minutes"), [("SweepHeartbeat", 15), ("CanaryHeartbeat", 30)])
def test_nobody_is_called_because_a_deploy_has_not_come_so_far_yet(stack: Synthesized, part: str, minutes: int) -> None:
    assert stack.one("AWS::CloudWatch::Alarm", part)["WarmUpConfiguration"] == {
        "WarmUpPeriodDurationInMinutes": minutes,
        "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True,
    }


def test_the_heartbeat_alarm_listens_to_what_sweep_emits(
    stack: Synthesized, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in stack.function("sweep")["Environment"]["Variables"].items():
        monkeypatch.setenv(name, str(value))
    journal.beat("SweepCompleted")

    emitted = json.loads(capsys.readouterr().out)
    (metric,) = emitted["_aws"]["CloudWatchMetrics"]
    _, beats = stack.one("AWS::CloudWatch::Alarm", "SweepHeartbeat")["Metrics"]
    listened = beats["MetricStat"]["Metric"]
    assert metric["Namespace"] == listened["Namespace"]
    assert metric["Metrics"] == [{"Name": listened["MetricName"], "Unit": "Count", "StorageResolution": 1}]
    (dimensions,) = metric["Dimensions"]
    assert [{"Name": name, "Value": emitted[name]} for name in dimensions] == listened["Dimensions"]


@pytest.mark.parametrize(
    ("part", "function", "metric", "says"),
    [
        ("PageCopyFailing", "page", COPY_FAILED, ("-us-west-2", "page itself is not affected", "make deploy")),
        (
            "StashboardSecretUnusable",
            "stashboard",
            SECRET_UNUSABLE,
            ("token_secret", "Secrets Manager", "not affected"),
        ),
    ],
)
def test_a_part_of_the_page_that_fails_alone_is_told_as_that_part(
    stack: Synthesized,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    part: str,
    function: str,
    metric: str,
    says: tuple[str, ...],
) -> None:
    for name, value in stack.function(function)["Environment"]["Variables"].items():
        monkeypatch.setenv(name, str(value))
    journal.count(metric)

    emitted = json.loads(capsys.readouterr().out)
    (counted,) = emitted["_aws"]["CloudWatchMetrics"]
    alarm = stack.one("AWS::CloudWatch::Alarm", part)
    assert (counted["Namespace"], counted["Metrics"][0]["Name"]) == (alarm["Namespace"], alarm["MetricName"])
    assert alarm["Dimensions"] == [{"Name": "service", "Value": emitted["service"]}]
    assert (alarm["Statistic"], alarm["Period"], alarm["TreatMissingData"]) == ("Sum", 300, "notBreaching")
    told = str(alarm["AlarmDescription"])
    assert [words for words in says if words not in told] == []


def test_alarms_about_defib_reach_people_without_a_lambda_between(stack: Synthesized) -> None:
    alerts = {"Ref": stack.id_of("AWS::SNS::Topic", "Alerts")}
    watch = {k: a for k, a in stack.of("AWS::CloudWatch::Alarm").items() if k.startswith("Watch")}

    assert watch
    for alarm in watch.values():
        assert alarm["AlarmActions"] == [alerts]
        assert alarm["AlarmDescription"]


def test_what_an_alarm_about_defib_itself_says_is_short(stack: Synthesized) -> None:
    watch = {k: a for k, a in stack.of("AWS::CloudWatch::Alarm").items() if k.startswith("Watch")}
    of_the_page = ("PageCopyFailing", "StashboardSecretUnusable")

    told = {k: str(a["AlarmDescription"]) for k, a in watch.items() if not any(part in k for part in of_the_page)}

    assert told
    assert {k: text for k, text in told.items() if len(text) > SMS_MAX} == {}
