"""What a look finds wrong: the page, functions, queues, rules, alarms, addresses and texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
import time_machine

from tests.aws.table import TABLE
from tests.watchtower.primary import RULE
from tests.watchtower.seen import ADA, BOB, DEAD_LETTERS, NOW, PHONE, THERE
from tests.watchtower.stage import LINKS, MINUTE, PAGE, Answer, Stage, minutes, pages, silent
from watchtower.asking import CALL
from watchtower.https import MANIFEST_READ

MADE = b'"generated_at":"2026-04-30T03:00:00+00:00"'


@pytest.mark.parametrize(
    "answer",
    [
        Answer(503, MADE),
        Answer(301, MADE),
        Answer(200, b"<html>"),
        Answer(200, b'{"generated_at":"2026-04-30T03:00"}'),
        Answer(200, b" " * MANIFEST_READ + MADE),
    ],
    ids=["503", "301", "not in it", "in no time zone", "beyond what is read"],
)
def test_a_page_that_does_not_say_at_its_beginning_when_it_was_made_does_not_answer(
    stage: Stage, time: time_machine.Traveller, answer: Answer
) -> None:
    stage.web.fault = lambda address: answer if address.startswith(PAGE) else None

    (told,) = minutes(stage, time, 3)

    assert told["Subject"].startswith("Defib watchtower: the status page doesn't answer: the status page: ")


def test_a_page_is_asked_for_its_beginning_and_not_for_long(stage: Stage) -> None:
    stage.alive()
    stage.look()

    options = dict(stage.web.requests)[f"{PAGE}/manifest.json"]
    assert options["headers"] == {"Range": "bytes=0-4095", "Connection": "close"}
    assert (options["retries"], options["redirect"]) == (False, False)
    assert options["timeout"].connect_timeout + options["timeout"].read_timeout == CALL.total_seconds()


@pytest.mark.parametrize("answer", [Answer(500), Answer(404), Answer(503)])
def test_a_function_that_answers_otherwise_than_it_does_is_told(
    stage: Stage, time: time_machine.Traveller, answer: Answer
) -> None:
    stage.web.fault = lambda address: answer if address == LINKS else None

    (told,) = minutes(stage, time, 3)

    assert told["Subject"].startswith("Defib watchtower: answer in us-east-1 doesn't answer: its answer: HTTP status ")
    assert "the command in it still works" in " ".join(told["Message"].split())


def test_a_function_is_asked_by_a_request_that_does_nothing_and_not_for_long(stage: Stage) -> None:
    stage.alive()
    stage.look()

    options = dict(stage.web.requests)[LINKS]
    assert (options["retries"], options["redirect"]) == (False, False)
    assert options["timeout"].connect_timeout + options["timeout"].read_timeout == CALL.total_seconds()


def test_one_queue_that_takes_nothing_up_is_told_by_its_name(stage: Stage, time: time_machine.Traveller) -> None:
    heard: list[dict[str, Any]] = []
    for _ in range(4):
        time.shift(MINUTE)
        stage.alive(ways=("notices",))
        stage.look()
        heard += stage.heard()

    (told,) = heard
    assert told["Subject"] == "Defib watchtower: remediate in us-east-1 is stuck: nothing is repaired"


def test_a_rule_that_somebody_switched_off_or_deleted_is_told(stage: Stage, time: time_machine.Traveller) -> None:
    events = boto3.client("events", region_name=THERE)
    events.disable_rule(Name=RULE)
    (off,) = minutes(stage, time, 3)
    events.enable_rule(Name=RULE)
    (over,) = minutes(stage, time, 3)
    events.delete_rule(Name=RULE)
    (gone,) = minutes(stage, time, 3)

    assert off["Subject"] == "Defib watchtower: rule StateRule in us-east-1 is switched off"
    assert over["Subject"].startswith("Defib watchtower: over: rule StateRule")
    assert gone["Subject"] == "Defib watchtower: rule StateRule in us-east-1 is gone"


def subscribed(endpoint: str, arn: str = "arn:aws:sns:us-east-1:123456789012:Defib-Alerts:1") -> dict[str, str]:
    return {"Endpoint": endpoint, "SubscriptionArn": arn}


LEFT = ("left@defib.test", "gone@defib.test")
"""Of one that has unsubscribed SNS says so for some days."""


def test_who_left_and_who_never_came_is_named(stage: Stage, time: time_machine.Traveller) -> None:
    stage.configure(subscribers=[["Alerts", "email", one] for one in (ADA, BOB, *LEFT)])
    stage.restart()
    found = [subscribed(ADA), subscribed(BOB, "PendingConfirmation"), subscribed(LEFT[0], "Deleted")]
    stage.wire.answers[THERE, "sns:ListSubscriptionsByTopic"] = pages("Subscriptions", found)

    (told,) = minutes(stage, time, 3)

    message = " ".join(told["Message"].split())
    assert f"{BOB} has not confirmed topic Alerts in us-east-1" in message
    assert all(f"{one} is no longer subscribed to topic Alerts in us-east-1" in message for one in LEFT)
    assert ADA not in message
    assert told["MessageAttributes"]["weight"]["Value"] == "minor"


def test_an_alarm_about_defib_is_told_by_another_way_too(stage: Stage, time: time_machine.Traveller) -> None:
    stage.cloudwatch.set_alarm_state(AlarmName=DEAD_LETTERS.name, StateValue="ALARM", StateReason="test")

    (told,) = minutes(stage, time, 3)

    assert told["Subject"] == "Defib watchtower: alarm DeadLetters in us-east-1"
    assert "Defib set aside messages. Read them." in " ".join(told["Message"].split())


def alarms(number: int, last: str = "OK") -> Callable[[], Mapping[str, Any]]:
    """Pages of at most a hundred; all are well but perhaps the last."""
    names = [f"Defib-Watch{n}" for n in range(1, number + 1)]
    found = [{"AlarmName": name, "StateValue": last if name == names[-1] else "OK"} for name in names]
    return pages("MetricAlarms", *(found[start : start + 100] for start in range(0, number, 100)))


def test_alarms_are_read_to_the_last_page(stage: Stage, time: time_machine.Traveller) -> None:
    stage.configure(alarms=230)
    stage.restart()
    stage.wire.answers[THERE, "cloudwatch:DescribeAlarms"] = alarms(230)
    assert minutes(stage, time, 2) == []

    stage.wire.answers[THERE, "cloudwatch:DescribeAlarms"] = alarms(230, last="ALARM")
    (told,) = minutes(stage, time, 2)
    assert "Defib-Watch230" in json.dumps(told)


@pytest.mark.parametrize(
    ("call", "name", "others", "ours"),
    [
        ("sns:ListSubscriptionsByTopic", "Subscriptions", [subscribed(BOB)], [subscribed(ADA), subscribed(PHONE)]),
        (
            "events:ListRules",
            "Rules",
            [{"Name": "Defib-Other", "State": "ENABLED"}],
            [{"Name": RULE, "State": "ENABLED"}],
        ),
    ],
)
def test_so_are_subscribers_and_rules(
    stage: Stage,
    time: time_machine.Traveller,
    call: str,
    name: str,
    others: list[dict[str, str]],
    ours: list[dict[str, str]],
) -> None:
    stage.wire.answers[THERE, call] = pages(name, others, others, ours)
    assert minutes(stage, time, 3) == []

    stage.wire.answers[THERE, call] = pages(name, others)
    assert len(minutes(stage, time, 3)) == 1


def test_a_hang_at_a_later_page_of_alarms_leaves_all_of_them_unknown(
    stage: Stage, time: time_machine.Traveller
) -> None:
    stage.configure(alarms=230)
    stage.restart()
    stage.wire.answers[THERE, "cloudwatch:DescribeAlarms"] = alarms(230)
    asked: list[str] = []

    def second_page_hangs(region: str, call: str) -> None:
        if call == "cloudwatch:DescribeAlarms":
            asked.append(region)
            if len(asked) % 2 == 0:
                silent(region, call)

    stage.wire.fault = second_page_hangs
    (told,) = minutes(stage, time, 2)

    assert "CloudWatch in us-east-1 timed out" in " ".join(told["Message"].split())
    assert "deleted" not in told["Message"]


def test_money_spent_on_texts_is_held_against_the_quota_of_each_region(
    stage: Stage, time: time_machine.Traveller
) -> None:
    boto3.client("sns", region_name=THERE).set_sms_attributes(attributes={"MonthlySpendLimit": "10"})
    stage.cloudwatch.put_metric_data(
        Namespace="AWS/SNS",
        MetricData=[
            {"MetricName": "SMSMonthToDateSpentUSD", "Value": usd, "Timestamp": at}
            # The month before, told once more when this one had begun, costs this one nothing.
            for usd, at in ((99.0, NOW.replace(day=1, hour=0, minute=5)), (9.5, NOW))
        ],
    )
    stage.wire.sandboxed = True

    (told,) = minutes(stage, time, 3)

    message = " ".join(told["Message"].split())
    assert "$9.50 of the $10.00 that may go into SMS this month in us-east-1" in message
    assert "SMS sandbox of us-west-2" in message


def test_without_phones_nothing_is_asked_about_texts(stage: Stage) -> None:
    stage.configure(own_subscribers=[["Findings", "email", ADA]], subscribers=[["Alerts", "email", ADA]])
    stage.restart()
    stage.look()

    assert not [call for _, call in stage.wire.calls if "SMS" in call or "Statistics" in call]
    assert PHONE not in json.dumps(stage.look())


def test_an_answer_that_makes_no_sense_is_told_and_the_others_are_heard(
    stage: Stage, time: time_machine.Traveller
) -> None:
    table = boto3.client("dynamodb", region_name=THERE)
    table.put_item(TableName=TABLE, Item={"pk": {"S": "HEARTBEAT"}, "sk": {"S": "SWEEP"}, "when": {"S": "noon"}})

    heard = minutes(stage, time, 2, alive=False)

    assert len(heard) == 1
    assert "DynamoDB in us-east-1 answers what makes no sense: KeyError" in " ".join(heard[0]["Message"].split())


@pytest.mark.parametrize(
    ("call", "answer", "what"),
    [
        ("sns:ListSubscriptionsByTopic", {"Subscriptions": [{"Protocol": "email"}]}, "SNS in us-east-1 answers what"),
        ("events:ListRules", {"Rules": [{"Name": "renamed"}]}, "EventBridge in us-east-1 answers what"),
        ("sns:GetSMSAttributes", {"attributes": {"MonthlySpendLimit": "plenty"}}, "SNS in us-east-1 answers what"),
        ("sns:GetSMSSandboxAccountStatus", {}, "SNS in us-east-1 answers what"),
        ("cloudwatch:GetMetricStatistics", {"Datapoints": [{"Maximum": 1.0}]}, "CloudWatch in us-east-1 answers what"),
    ],
)
def test_whichever_answer_makes_no_sense_the_look_goes_on_and_tells(
    stage: Stage, time: time_machine.Traveller, call: str, answer: dict[str, Any], what: str
) -> None:
    stage.wire.answers[THERE, call] = lambda: answer

    heard = minutes(stage, time, 3)

    assert len(heard) == 1
    assert what in " ".join(heard[0]["Message"].split())
