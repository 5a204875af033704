"""Structured lines and metrics: what an operator reads and an alarm counts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from defib.aws.journal import PowertoolsJournal, count
from defib.core.case import Action, Case, Outcome
from defib.core.model import Cause, InstanceState, Observation, Result, Verdict
from tests.aws.cases import NOON, WEB_1, a_case

SEEN = Observation(WEB_1, NOON, InstanceState.RUNNING, NOON)
OPEN = a_case(version=1)
ACTING = OPEN.with_intent(Action.REBOOT, "hung", NOON)
HELD = replace(OPEN, held_by="minimum_healthy")
HANDED = replace(OPEN, handed_over_at=NOON, ask="Look at it.")
CLOSED = replace(OPEN, closed_at=NOON, outcome=Outcome.HEALED)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "diagnose")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Defib")


def test_a_decision_is_one_line_under_the_cases_id(capsys: pytest.CaptureFixture[str]) -> None:
    case = replace(ACTING, reason="reboot may cure it", evidence=("instance check impaired since 11:58",))

    line = _lines(capsys, lambda journal: journal.decided(OPEN, case, SEEN))[0]

    assert line["message"] == "decided"
    assert line["correlation_id"] == line["case_id"] == f"{WEB_1}-1"
    assert {key: line[key] for key in ("instance_id", "case_service", "cause", "decision", "reason", "state")} == {
        "instance_id": WEB_1,
        "case_service": "web",
        "cause": "instance_impaired",
        "decision": "act:reboot",
        "reason": "reboot may cure it",
        "state": "running",
    }
    assert line["look_again_at"] == "2026-04-30T12:01:00+00:00"
    assert line["evidence"] == ["instance check impaired since 11:58"]


def test_a_result_is_one_line_with_its_action(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(ACTING.id, 1, Verdict.RETRY, NOON, "RequestLimitExceeded", "rebooting: throttled")

    (line,) = _lines(capsys, lambda journal: journal.performed(ACTING, result))

    keys = ("message", "correlation_id", "action", "attempt", "verdict", "code", "detail")
    assert {key: line[key] for key in keys} == {
        "message": "performed",
        "correlation_id": f"{WEB_1}-1",
        "action": "reboot",
        "attempt": 1,
        "verdict": "retry",
        "code": "RequestLimitExceeded",
        "detail": "rebooting: throttled",
    }


@pytest.mark.parametrize(
    ("before", "after", "counted"),
    [
        (None, OPEN, {"Decisions": {"service": "web"}, "CasesOpened": {"service": "web"}}),
        (OPEN, ACTING, {"Decisions": {"service": "web"}}),
        (OPEN, HANDED, {"Decisions": {"service": "web"}, "Escalations": {"service": "web"}}),
        (
            OPEN,
            CLOSED,
            {"Decisions": {"service": "web"}, "CasesClosed": {"service": "web", "outcome": "healed"}},
        ),
        (None, replace(CLOSED, outcome=Outcome.NOTHING_WRONG), {}),
    ],
)
def test_decisions_are_counted(
    capsys: pytest.CaptureFixture[str], before: Case | None, after: Case, counted: dict[str, dict[str, str]]
) -> None:
    lines = _lines(capsys, lambda journal: journal.decided(before, after, SEEN))

    assert {name: dimensions for line in lines for name, dimensions in _metrics(line).items()} == counted


def test_a_dead_arrival_is_counted_once_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    arrived = replace(OPEN, zone="us-east-1b", confirmed_at=None, confirmed_cause=None)
    dead = replace(arrived, confirmed_at=NOON, confirmed_cause=Cause.DEAD_ON_ARRIVAL)
    facts = replace(SEEN, instance_type="m7g.large")
    later = replace(dead, held_by="minimum_healthy")

    lines = _lines(
        capsys, lambda journal: [journal.decided(*change, facts) for change in ((arrived, dead), (dead, later))]
    )

    counted = [_metrics(line)["DeadOnArrival"] for line in lines if "DeadOnArrival" in _metrics(line)]
    assert counted == [{"service": "web", "zone": "us-east-1b", "instance_type": "m7g.large"}]


def test_a_count_without_dimensions_is_the_functions_own(capsys: pytest.CaptureFixture[str]) -> None:
    count("SweepCompleted")

    line = json.loads(capsys.readouterr().out)
    assert _metrics(line) == {"SweepCompleted": {"service": "diagnose"}}
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Defib"


def _lines(capsys: pytest.CaptureFixture[str], write: Any) -> list[dict[str, Any]]:
    logger = Logger(service=f"journal-{id(write)}")
    write(PowertoolsJournal(logger))
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _metrics(line: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Metric name to its dimensions, if the line is in the embedded metric format."""
    return {
        metric["Name"]: {name: line[name] for name in described["Dimensions"][0]}
        for described in line.get("_aws", {}).get("CloudWatchMetrics", ())
        for metric in described["Metrics"]
    }
