"""A drill that somebody wants now: from the command in docs/operations.md to the message in the queue."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import boto3
import pytest
import time_machine

from defib.aws.clock import SystemClock
from tests.aws.cases import NOON
from tests.handlers.stage import Stage

ROOT = Path(__file__).parents[2]
EVENT = json.loads((ROOT / "tests" / "events" / "drill-wanted.json").read_text(encoding="utf-8"))


def order(stage: Stage, **detail: str) -> Any:
    said = {"time": SystemClock().now().isoformat(), "detail": EVENT["detail"] | detail}
    return stage.invoke("diagnose", json.dumps(EVENT | said))


def drilled(stage: Stage) -> list[str]:
    """The drills that the next sweep asks, by their incidents."""
    stage.invoke("sweep")
    return [body["incident_id"] for body in stage.received("notices") if body["incident_id"].startswith("drill:")]


def test_a_drill_that_somebody_wants_comes_with_the_next_sweep_at_whatever_hour(stage: Stage) -> None:
    assert drilled(stage) == [], "it is no hour for drills"
    order(stage)

    assert drilled(stage) == ["drill:oncall-1"]
    assert drilled(stage) == [], "once"
    table = boto3.client("dynamodb").scan(TableName=stage.environment["DEFIB_TABLE"])["Items"]
    (notice,) = (item for item in table if item["pk"]["S"].startswith("SERVICE#drill:") and "body" in item)
    assert "Nothing: this is a drill. Ann wanted it now." in notice["body"]["S"]


def test_the_command_in_the_docs_is_that_event(stage: Stage) -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^aws events put-events .*\"Drill\".*$", text, re.MULTILINE)
    (entry,) = json.loads(shlex.split(command)[-1])
    assert (entry["Source"], entry["DetailType"]) == (EVENT["source"], EVENT["detail-type"])

    order(stage, **json.loads(entry["Detail"]))

    assert drilled(stage) == ["drill:oncall-1"]


def test_it_can_be_wanted_again(stage: Stage) -> None:
    order(stage)
    drilled(stage)
    order(stage)

    assert drilled(stage) == ["drill:oncall-2"]


@pytest.mark.parametrize("contact", ["nobody", "drill"])
def test_of_a_contact_that_there_is_not_nobody_is_drilled(
    stage: Stage, capsys: pytest.CaptureFixture[str], contact: str
) -> None:
    assert order(stage, contact=contact) == {"batchItemFailures": []}

    assert drilled(stage) == []
    assert f"there is no contact {contact} that takes what is urgent" in "".join(capsys.readouterr())


@pytest.mark.parametrize("wrong", [{"contact": "../x"}, {"contact": ""}, {"by": " "}, {"answer": "acknowledge"}])
def test_a_garbled_order_is_set_aside(stage: Stage, wrong: dict[str, str]) -> None:
    assert order(stage, **wrong)["batchItemFailures"]

    assert drilled(stage) == []


def test_two_orders_before_the_next_sweep_are_one_drill(stage: Stage) -> None:
    with time_machine.travel(NOON, tick=False):
        order(stage)
        order(stage, by="Bob")

    assert drilled(stage) == ["drill:oncall-1"]
