"""Structured lines and metrics: what an operator reads and an alarm counts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import count as count_from
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from defib.aws.journal import ANY_FUNCTION, PowertoolsJournal, count
from defib.core.approval import Answer, Approval, Choice
from defib.core.case import Action, Case, Outcome
from defib.core.model import Cause, InstanceState, Observation, Result, Verdict
from defib.core.shift import Shift, ShiftAnswer
from defib.core.traits import Traits
from tests.aws.cases import NOON, WEB_1, a_case

NUMBERS = count_from(1)
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


def test_an_act_without_an_answer_is_counted_where_people_are_told_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    lost, done = (Result(f"{WEB_1}-1", 1, verdict, NOON) for verdict in (Verdict.LOST, Verdict.DONE))

    lines = _lines(capsys, lambda journal: journal.performed(ACTING, lost))
    assert [(line["Unanswered"], line["service"]) for line in lines if "Unanswered" in line] == [([1.0], ANY_FUNCTION)]
    assert not any("Unanswered" in line for line in _lines(capsys, lambda journal: journal.performed(ACTING, done)))


def test_what_was_not_answered_is_counted_though_the_decision_did_without(capsys: pytest.CaptureFixture[str]) -> None:
    unknown = replace(SEEN, traits=Traits(unread="no answer", unanswered=True))

    lines = _lines(capsys, lambda journal: journal.decided(OPEN, ACTING, unknown))
    assert [(line["Unanswered"], line["service"]) for line in lines if "Unanswered" in line] == [([1.0], ANY_FUNCTION)]


def test_the_line_of_a_decision_says_what_could_not_be_read_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    why = "describing instance type m5.large: no answer (ReadTimeoutError)"
    unread = replace(SEEN, traits=Traits(unread=why, unanswered=True))

    lines = _lines(capsys, lambda journal: journal.decided(OPEN, ACTING, unread))
    other = _lines(capsys, lambda journal: journal.decided(OPEN, ACTING, SEEN))

    assert [(line["message"], line["problem"]) for line in lines if "problem" in line] == [("decided", why)]
    assert not any("problem" in line for line in other)


def test_an_answer_is_in_the_line_of_the_decision_that_it_led_to(capsys: pytest.CaptureFixture[str]) -> None:
    asked = replace(OPEN, approval=Approval(NOON, NOON + timedelta(minutes=30)))
    given = replace(ACTING, approval=Approval(NOON, NOON + timedelta(minutes=30), Choice.APPROVE, NOON, "Ann"))

    line = _lines(capsys, lambda journal: journal.decided(asked, given, SEEN))[0]
    later = _lines(capsys, lambda journal: journal.decided(given, replace(given, reason="on it"), SEEN))[0]

    assert (line["decision"], line["answer"], line["by"]) == ("act:reboot", "approve", "Ann")
    assert "by" not in later


def test_an_answer_without_effect_is_a_line_that_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer(f"{WEB_1}-1", Choice.APPROVE, "Ann")

    (line,) = _lines(capsys, lambda journal: journal.unheeded(answer, WEB_1, "that case is not open"))

    keys = ("level", "message", "correlation_id", "case_id", "instance_id", "answer", "by", "why")
    assert {key: line[key] for key in keys} == {
        "level": "WARNING",
        "message": "answer without effect",
        "correlation_id": f"{WEB_1}-1",
        "case_id": f"{WEB_1}-1",
        "instance_id": WEB_1,
        "answer": "approve",
        "by": "Ann",
        "why": "that case is not open",
    }


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


def test_a_zonal_shift_is_one_line_with_what_was_asked_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
    shift = Shift(
        arn, "us-east-1a", "use1-az4", answer=ShiftAnswer.DONE, detail="shifted away", id="shift-1", until=NOON
    )

    (line,) = _lines(capsys, lambda journal: journal.shifted(shift))

    keys = ("message", "correlation_id", "load_balancer", "zone_id", "move", "answer", "zonal_shift_id", "until")
    assert {key: line[key] for key in keys} == {
        "message": "shifted",
        "correlation_id": "us-east-1a web",
        "load_balancer": arn,
        "zone_id": "use1-az4",
        "move": "start",
        "answer": "done",
        "zonal_shift_id": "shift-1",
        "until": "2026-04-30T12:00:00+00:00",
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
    # Each logger must be a new one: it keeps the stream that it found when it was made.
    logger = Logger(service=f"journal-{next(NUMBERS)}")
    write(PowertoolsJournal(logger))
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _metrics(line: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Metric name to its dimensions, if the line is in the embedded metric format."""
    return {
        metric["Name"]: {name: line[name] for name in described["Dimensions"][0]}
        for described in line.get("_aws", {}).get("CloudWatchMetrics", ())
        for metric in described["Metrics"]
    }
