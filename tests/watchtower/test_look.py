"""The handler, minute by minute, against moto in two Regions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
import time_machine

from tests.watchtower.seen import ADA, HERE, NOW, PHONE, THERE
from tests.watchtower.stage import LINKS, MINUTE, PAGE, SWITCH, TABLE, Answer, Stage, minutes, silent, unheard
from watchtower import clock
from watchtower.asking import CALL


class Outside:
    """A service that expects a ping a minute, and raises the alarm when none has come for two and a half."""

    def __init__(self, began: datetime) -> None:
        self._last = began

    def hear(self, pings: Sequence[datetime]) -> None:
        self._last = max([self._last, *pings])

    def raises_the_alarm_at(self, now: datetime) -> bool:
        return now - self._last > timedelta(seconds=150)


def test_while_all_is_well_nobody_hears_of_it_and_the_outside_is_pinged(
    stage: Stage, time: time_machine.Traveller
) -> None:
    assert minutes(stage, time, 3) == []
    assert stage.web.pings == 3


def test_a_look_leaves_its_heartbeat_in_the_log(stage: Stage) -> None:
    stage.alive()
    line = stage.look()

    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (line["LookCompleted"], line["service"]) == (1, "watchtower")
    metric = {"Name": "LookCompleted", "StorageResolution": 1}
    assert directive == {"Namespace": "Defib", "Dimensions": [["service"]], "Metrics": [metric]}


def test_a_canary_goes_onto_the_watched_bus_each_minute(stage: Stage) -> None:
    stage.look()
    (canary,) = stage.wire.events

    assert (canary["Source"], canary["DetailType"]) == ("defib.watchtower", "Canary")
    assert json.loads(canary["Detail"]) == {"sent_at": NOW.isoformat()}


def test_what_is_wrong_twice_is_told_once_and_so_is_its_end(stage: Stage, time: time_machine.Traveller) -> None:
    minutes(stage, time, 1)
    (wrong,) = minutes(stage, time, 5, alive=False)
    (right,) = minutes(stage, time, 3)

    assert wrong["Subject"].startswith("Defib watchtower: no sweep in us-east-1 for 2 min")
    assert "No canary sent in the last" in wrong["Message"].replace("\n  ", " ")
    assert right["Subject"].startswith("Defib watchtower: over: no sweep")
    assert wrong["MessageAttributes"]["weight"]["Value"] == "grave"


def test_a_dead_primary_is_told_within_three_minutes_of_its_last_sign_of_life(
    stage: Stage, time: time_machine.Traveller
) -> None:
    stage.alive()
    stage.look()
    # The last sweep ended 20 s before this look, the last canary came out 58 s before it.
    assert minutes(stage, time, 1, alive=False) == []
    assert len(minutes(stage, time, 1, alive=False)) == 1


def test_memory_outlives_the_environment(stage: Stage, time: time_machine.Traveller) -> None:
    minutes(stage, time, 1, alive=False)
    stage.restart()

    assert len(minutes(stage, time, 1, alive=False)) == 1
    stage.restart()
    assert minutes(stage, time, 2, alive=False) == []


def test_while_its_own_table_is_silent_nothing_is_told_twice(stage: Stage, time: time_machine.Traveller) -> None:
    def no_memory(region: str, call: str) -> None:
        if region == HERE and call.startswith("dynamodb"):
            silent(region, call)

    stage.wire.fault = no_memory

    assert len(minutes(stage, time, 5, alive=False)) == 1
    assert "LookCompleted" not in stage.look(), "nobody may rely on a watchtower that can't remember"


def test_what_could_not_be_told_is_told_later_and_the_heartbeat_stays_away(
    stage: Stage, time: time_machine.Traveller
) -> None:
    def no_topic(region: str, call: str) -> None:
        if region == HERE and call == "sns:Publish":
            silent(region, call)

    stage.wire.fault = no_topic
    minutes(stage, time, 2, alive=False)
    line = stage.look()
    stage.wire.fault = lambda region, call: None

    assert "LookCompleted" not in line
    assert line["troubles"] == ["SNS in us-west-2 timed out"]
    assert len(minutes(stage, time, 2, alive=False)) == 1


def test_a_dark_region_is_told_as_a_partition_and_nothing_else(stage: Stage, time: time_machine.Traveller) -> None:
    minutes(stage, time, 2)

    def dark(region: str, call: str) -> None:
        if region == THERE:
            silent(region, call)

    def no_links(address: str) -> None:
        if address == LINKS:
            raise unheard()

    stage.wire.fault, stage.web.fault = dark, no_links
    (told,) = minutes(stage, time, 5, alive=False)
    stage.wire.fault, stage.web.fault = lambda region, call: None, lambda address: None
    pings = stage.web.pings
    (over,) = minutes(stage, time, 3)

    assert told["Subject"] == "Defib watchtower: no answer from us-east-1: can't tell if Defib lives"
    assert "the status page, which comes through CloudFront, was made 0 s ago" in " ".join(told["Message"].split())
    assert pings == 2, "no ping while it can't tell"
    assert "All is well" in json.dumps(over) or "all is well" in over["Subject"]


def test_the_page_is_asked_at_the_last_known_address_while_the_region_is_dark(
    stage: Stage, time: time_machine.Traveller
) -> None:
    minutes(stage, time, 1)
    stage.restart()
    stage.wire.fault = lambda region, call: silent(region, call) if region == THERE else None
    before = len(stage.web.requests)
    minutes(stage, time, 1, alive=False)

    assert sorted(address for address, _ in stage.web.requests[before:]) == [LINKS, f"{PAGE}/manifest.json"]


@pytest.mark.parametrize(
    "answer", [Answer(503), Answer(301), Answer(200, b"<html>"), Answer(200, b'{"generated_at":"2026-04-30T03:00"}')]
)
def test_a_page_that_does_not_say_when_it_was_made_does_not_answer(
    stage: Stage, time: time_machine.Traveller, answer: Answer
) -> None:
    stage.web.fault = lambda address: answer if address.startswith(PAGE) else None

    (told,) = minutes(stage, time, 3)

    assert told["Subject"].startswith("Defib watchtower: the status page doesn't answer: the status page: ")


def test_a_page_longer_than_it_may_be_is_read_at_its_beginning_only(stage: Stage) -> None:
    stage.alive()
    stage.look()

    options = dict(stage.web.requests)[f"{PAGE}/manifest.json"]
    assert options["headers"] == {"Range": "bytes=0-4095"}
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
    events.disable_rule(Name="Defib-StateRule-X3")
    (off,) = minutes(stage, time, 3)
    events.enable_rule(Name="Defib-StateRule-X3")
    (over,) = minutes(stage, time, 3)
    events.delete_rule(Name="Defib-StateRule-X3")
    (gone,) = minutes(stage, time, 3)

    assert off["Subject"] == "Defib watchtower: rule StateRule in us-east-1 is switched off"
    assert over["Subject"].startswith("Defib watchtower: over: rule StateRule")
    assert gone["Subject"] == "Defib watchtower: rule StateRule in us-east-1 is gone"


def test_when_both_regions_are_dead_the_outside_service_misses_the_ping(
    stage: Stage, time: time_machine.Traveller
) -> None:
    outside = Outside(clock.now())

    def dark(region: str, call: str) -> None:
        if region == THERE:
            silent(region, call)

    minutes(stage, time, 3)
    outside.hear(stage.web.pinged)
    assert not outside.raises_the_alarm_at(clock.now())

    # The primary's Region first, so that the watchtower's own still speaks; then that one too: no look, and no ping.
    stage.wire.fault = dark
    minutes(stage, time, 1, alive=False)
    for _ in range(2):
        time.shift(MINUTE)
    outside.hear(stage.web.pinged)
    assert outside.raises_the_alarm_at(clock.now())

    stage.wire.fault = lambda region, call: None
    minutes(stage, time, 3)
    outside.hear(stage.web.pinged)
    assert not outside.raises_the_alarm_at(clock.now())


def test_a_missed_ping_is_the_outside_services_business(stage: Stage, time: time_machine.Traveller) -> None:
    stage.web.fault = lambda address: Answer(500) if address == SWITCH else None

    assert minutes(stage, time, 3) == []


def test_who_left_and_who_never_came_is_named(stage: Stage, time: time_machine.Traveller) -> None:
    stage.configure(subscribers=[["Alerts", "email", ADA], ["Alerts", "email", "gone@defib.test"]])
    stage.restart()

    (told,) = minutes(stage, time, 3)

    assert "gone@defib.test is no longer subscribed to topic Alerts in us-east-1" in " ".join(told["Message"].split())
    assert told["MessageAttributes"]["weight"]["Value"] == "minor"


def test_an_alarm_about_defib_is_told_by_another_way_too(stage: Stage, time: time_machine.Traveller) -> None:
    name = "Defib-WatchDeadLetters1A2B3C4D-X1"
    stage.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")

    (told,) = minutes(stage, time, 3)

    assert told["Subject"] == "Defib watchtower: alarm DeadLetters in us-east-1"
    assert "Defib set aside messages. Read them." in " ".join(told["Message"].split())


def alarms(number: int, last: str = "OK") -> list[list[tuple[str, str]]]:
    """Pages of at most a hundred; all are well but perhaps the last."""
    names = [f"Defib-Watch{n}" for n in range(1, number + 1)]
    found = [(name, last if name == names[-1] else "OK") for name in names]
    return [found[start : start + 100] for start in range(0, number, 100)]


def test_alarms_are_read_to_the_last_page(stage: Stage, time: time_machine.Traveller) -> None:
    stage.configure(alarms=230)
    stage.restart()
    stage.wire.pages = alarms(230)
    assert minutes(stage, time, 2) == []

    stage.wire.pages = alarms(230, last="ALARM")
    (told,) = minutes(stage, time, 2)
    assert "Defib-Watch230" in json.dumps(told)


def test_a_hang_at_a_later_page_of_alarms_leaves_all_of_them_unknown(
    stage: Stage, time: time_machine.Traveller
) -> None:
    stage.configure(alarms=230)
    stage.restart()
    stage.wire.pages = alarms(230)
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
        MetricData=[{"MetricName": "SMSMonthToDateSpentUSD", "Value": 9.5, "Timestamp": NOW}],
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
