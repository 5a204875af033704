"""What a look makes of questions that nobody answers, against moto in two Regions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)

from tests.watchtower.seen import HERE, THERE
from tests.watchtower.stage import MINUTE, Answer, Stage, minutes, silent, unheard
from watchtower import clock
from watchtower.asking import CALL, LONGEST, READING

REFUSED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "any")
FAILURES: list[tuple[Exception, str]] = [
    (ConnectTimeoutError(endpoint_url="x"), "timed out"),
    (ReadTimeoutError(endpoint_url="x"), "timed out"),
    (EndpointConnectionError(endpoint_url="x"), "can't be reached"),
    (SSLError(endpoint_url="x", error=OSError("no")), "can't be reached"),
    (NoCredentialsError(), "Unable to locate credentials"),
    (REFUSED, "answers AccessDenied"),
]


@pytest.mark.parametrize(("error", "words"), FAILURES, ids=lambda value: str(value)[:30])
@pytest.mark.parametrize(
    "broken",
    [
        "events:PutEvents",
        "events:ListRules",
        "ssm:GetParameter",
        "dynamodb:Query",
        "cloudwatch:DescribeAlarms",
        "sns:ListSubscriptionsByTopic",
        "sns:GetSMSAttributes",
        "sns:GetSMSSandboxAccountStatus",
        "cloudwatch:GetMetricStatistics",
    ],
)
def test_a_question_without_an_answer_is_told_and_says_who_did_not_answer(
    stage: Stage, time: time_machine.Traveller, broken: str, error: Exception, words: str
) -> None:
    def fault(region: str, call: str) -> None:
        if (region, call) == (THERE, broken):
            raise error

    stage.wire.fault = fault
    heard = minutes(stage, time, 2)

    assert len(heard) == 1
    assert "can't tell" in heard[0]["Message"]
    assert words in " ".join(heard[0]["Message"].split())


def test_a_canary_that_the_bus_does_not_take_is_told(stage: Stage, time: time_machine.Traveller) -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    stage.wire.answers[THERE, "events:PutEvents"] = lambda: refused

    (told,) = minutes(stage, time, 2)

    assert "the canary was not taken: InternalFailure" in " ".join(told["Message"].split())


def test_the_worst_look_ends_in_time_and_tells(stage: Stage, time: time_machine.Traveller) -> None:
    """Nothing ever answers but the topic itself: each call ends at its deadline."""

    def hang(region: str, call: str) -> None:
        if call != "sns:Publish":
            time.shift(CALL)
            silent(region, call)

    over_https: list[datetime] = []

    def hang_too(address: str) -> Answer:
        # All of these are asked at once, and end at once.
        over_https.append(clock.now())
        time.move_to(over_https[0] + CALL, tick=False)
        raise unheard()

    minutes(stage, time, 1)
    stage.wire.fault, stage.web.fault = hang, hang_too
    durations, heard = [], []
    for _ in range(2):
        time.shift(MINUTE)
        over_https.clear()
        began = _now()
        stage.look()
        durations.append(_now() - began)
        heard += stage.heard()

    assert max(durations) <= LONGEST
    assert len(heard) == 1
    assert "no service of us-east-1 answers" in " ".join(heard[0]["Message"].split())


@pytest.mark.parametrize(
    "hanging",
    [
        (THERE, "events"),
        (THERE, "ssm"),
        (THERE, "dynamodb"),
        (THERE, "cloudwatch"),
        (THERE, "sns"),
        (HERE, "dynamodb"),
        (HERE, "cloudwatch"),
        (HERE, "sns:List"),
    ],
)
def test_one_service_that_hangs_costs_one_deadline_and_the_rest_is_told(
    stage: Stage, time: time_machine.Traveller, hanging: tuple[str, str]
) -> None:
    def hang(region: str, call: str) -> None:
        if region == hanging[0] and call.startswith(hanging[1]):
            time.shift(CALL)
            silent(region, call)

    minutes(stage, time, 1)
    stage.web.made = clock.now() - timedelta(hours=1)
    stage.wire.fault = hang
    own_table = hanging == (HERE, "dynamodb")
    heard, troubles = [], []
    for _ in range(3):
        time.shift(MINUTE)
        began = _now()
        troubles += stage.look()["troubles"]
        assert _now() - began <= (2 if own_table else 1) * CALL, "the table of its own is read and written"
        heard += stage.heard()

    told = " ".join(message["Message"] for message in heard)
    assert "The status page was last made" in told
    assert "can't tell" in told or (own_table and troubles)


def test_no_question_is_put_once_the_time_is_used_up(stage: Stage, time: time_machine.Traveller) -> None:
    def slow(region: str, call: str) -> None:
        time.shift(READING / 4)

    stage.wire.fault = slow
    stage.wire.calls.clear()
    began = _now()
    stage.look()

    assert _now() - began <= READING + 3 * READING / 4
    assert len(stage.wire.calls) < 10


def _now() -> Any:
    return clock.now()
