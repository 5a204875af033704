"""From the moment a deploy has changed the watched stack until it has come to the watchtower, and if it never does."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
import time_machine

from tests.aws.table import TABLE
from tests.watchtower.primary import PARAMETER, RULE
from tests.watchtower.seen import BOB, DEAD_LETTERS, HERE, THERE
from tests.watchtower.stage import DOOR, PAGE, Stage, minutes
from watchtower.deploys import SETTLES_WITHIN

MINUTES = int(SETTLES_WITHIN.total_seconds()) // 60


def says(stage: Stage, **changes: object) -> None:
    """What the watched stack says of itself after a deploy."""
    watched: dict[str, object] = {
        "table": TABLE,
        "topics": {"Alerts": stage.alerts},
        "page": PAGE,
        "rules": {"StateRule": RULE},
        "doors": [DOOR],
    }
    value = json.dumps(watched | changes)
    boto3.client("ssm", region_name=THERE).put_parameter(Name=PARAMETER, Value=value, Overwrite=True)


def told(heard: list[dict[str, Any]]) -> str:
    return " ".join(" ".join(f"{message['Subject']} {message['Message']}" for message in heard).split())


@pytest.fixture
def less(stage: Stage, time: time_machine.Traveller) -> Stage:
    """A deploy has just taken away the page, a rule, an alarm, an address and a way; the watchtower knows of all."""
    stage.configure(
        alarms=2,
        rules=["StateRule", "PublishRule"],
        ways=[("notices", "publish", ""), ("orders", "remediate", ""), ("turns", "page", "")],
        subscribers=[["Alerts", "email", BOB]],
        seen="before",
    )
    stage.restart()
    says(stage, page="", seen="after")
    return stage


def test_what_a_deploy_has_taken_away_is_not_missed_until_it_has_come_to_the_watchtower(
    less: Stage, time: time_machine.Traveller
) -> None:
    assert minutes(less, time, MINUTES) == []

    less.configure(seen="after", has_page=False)
    less.restart()
    assert minutes(less, time, 3) == []


def test_what_was_told_before_a_deploy_is_not_over_because_nobody_misses_it_meanwhile(
    stage: Stage, time: time_machine.Traveller
) -> None:
    stage.configure(subscribers=[["Alerts", "email", BOB]], seen="before")
    stage.restart()
    says(stage, seen="before")
    assert "None of the 1 addresses of topic Alerts in us-east-1 is confirmed" in told(minutes(stage, time, 3))

    says(stage, seen="after")
    assert minutes(stage, time, 10) == []
    stage.configure(subscribers=[["Alerts", "email", BOB]], seen="after")
    stage.restart()
    assert minutes(stage, time, 10) == [], "it was told already"
    stage.configure(subscribers=[], seen="after")
    stage.restart()
    assert "over: nobody hears Alerts" in told(minutes(stage, time, 3))


def test_if_it_has_not_come_in_half_an_hour_all_that_is_missing_is_told_and_why(
    less: Stage, time: time_machine.Traveller
) -> None:
    heard = told(minutes(less, time, MINUTES + 3))

    assert "has 1 alarms about Defib itself; 2 were deployed" in heard
    assert "The EventBridge rule PublishRule in us-east-1 is gone" in heard
    assert "page in us-east-1 is stuck" in heard
    assert "None of the 1 addresses of topic Alerts in us-east-1 is confirmed" in heard
    assert "was last deployed 32 min ago, and its watchtower in us-west-2 was not" in heard


def test_how_long_it_takes_outlives_the_environment(less: Stage, time: time_machine.Traveller) -> None:
    minutes(less, time, MINUTES - 1)
    less.restart()

    assert minutes(less, time, 1) == []
    assert "PublishRule" in told(minutes(less, time, 3))


def test_what_breaks_during_a_deploy_is_told_at_once(less: Stage, time: time_machine.Traveller) -> None:
    boto3.client("events", region_name=THERE).disable_rule(Name=RULE)
    less.cloudwatch.set_alarm_state(AlarmName=DEAD_LETTERS.name, StateValue="ALARM", StateReason="test")

    heard = told(minutes(less, time, 3))

    assert "rule StateRule in us-east-1 is switched off" in heard
    assert "Defib set aside messages." in heard
    assert "PublishRule" not in heard


def test_a_defib_that_dies_during_a_deploy_is_told_at_once(less: Stage, time: time_machine.Traveller) -> None:
    heard = told(minutes(less, time, 3, alive=False))

    assert "no sweep in us-east-1" in heard
    assert "No canary has ever come through: event bus" in heard


def test_every_deploy_has_its_own_half_an_hour(less: Stage, time: time_machine.Traveller) -> None:
    minutes(less, time, 10)
    says(less, seen="before")
    less.configure(seen="before")
    less.restart()
    minutes(less, time, MINUTES)
    less.configure(rules=["StateRule", "PublishRule"], seen="later")
    less.restart()

    assert minutes(less, time, MINUTES) == []


def test_what_a_later_deploy_says_of_a_function_besides_is_passed_over(
    stage: Stage, time: time_machine.Traveller
) -> None:
    says(stage, doors=[{**DOOR, "header": "x"}], later={"more": 1})

    assert minutes(stage, time, 3) == []
    assert [address for address, _ in stage.web.requests if address == DOOR["url"]] == [DOOR["url"]] * 3


def test_one_that_another_region_has_replaced_says_so_once_and_falls_silent(
    stage: Stage, time: time_machine.Traveller
) -> None:
    minutes(stage, time, 1)
    says(stage, tower="eu-west-1")
    (message,) = minutes(stage, time, 1) + minutes(stage, time, 10, alive=False)

    assert message["Subject"] == f"Defib watchtower: the watchtower in {HERE} is replaced by the one in eu-west-1"
    assert f"aws cloudformation delete-stack --region {HERE} --stack-name DefibWatchtower" in " ".join(
        message["Message"].split()
    )
    assert len(stage.wire.events) == 2, "its canaries would hide the death of the other"
    assert stage.web.pings == 1, "so would its pings"
    assert "LookCompleted" in stage.look()


def test_one_that_is_needed_again_looks_again(stage: Stage, time: time_machine.Traveller) -> None:
    says(stage, tower="eu-west-1")
    minutes(stage, time, 3)
    says(stage, tower=HERE)
    minutes(stage, time, 3)

    assert "no sweep" in told(minutes(stage, time, 3, alive=False))
