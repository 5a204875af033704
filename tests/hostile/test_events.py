"""Events from the bus: every kind, tampered with, is signals or Malformed, and leaves one clean line in the log."""

from __future__ import annotations

import io
import itertools
import json
from datetime import UTC
from pathlib import Path

import pytest
from aws_lambda_powertools import Logger
from hypothesis import example, given
from hypothesis import strategies as st

from defib.aws.normalise import TARGET_GROUP, normalise
from defib.aws.untrusted import BODY_MAX, TEXT_MAX, is_instance_id
from defib.core.call import CallAnswer
from defib.core.drill import DrillOrder
from defib.core.model import Signal, TargetGroupSignal
from defib.handlers.batch import each_message
from defib.shell.ports import Malformed
from tests.handlers.stage import Context, batch
from tests.hostile.strategies import BOUNDED, NASTY, TEXTS, bombs, put, shows, steps, tampered

EVENTS = Path(__file__).parents[1] / "events"
SAMPLES = {file.stem: file.read_text() for file in sorted(EVENTS.glob("*.json"))}
STOPPED = SAMPLES["state-stopped"]
OWN = json.dumps(
    {
        "source": "remediation",
        "instance_id": "i-0a1b2c3d4e5f60001",
        "at": "2026-04-30T12:00:00Z",
        "reason": "the stop is done",
        "result": {"case_id": "i-0a1b2c3d4e5f60001-1", "attempt": 1, "verdict": "done", "code": "", "detail": ""},
        "answer": {"case_id": "i-0a1b2c3d4e5f60001-1", "choice": "approve", "by": "Ann"},
    }
)
QUESTION = json.dumps(
    {
        "target_group_arn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/6d0ecf831eec9f09",
        "at": "2026-04-30T12:00:10Z",
        "reason": "asked between two sweeps",
        "until": "2026-04-30T12:01:00Z",
    }
)
ALL = (*SAMPLES.values(), OWN, QUESTION)
NUMBERS = itertools.count()
FIRST_YEAR, LAST_YEAR = '"0001-01-01T00:00:00+23:59"', '"9999-12-31T23:59:59-23:59"'


def read(body: str) -> None:
    """What is read of ``body`` is fit for the table, for logs and for people; otherwise it is Malformed, in a line."""
    try:
        found = normalise(body)
    except Malformed as error:
        shows(error)
        return
    for signal in found:
        if isinstance(signal, Signal):
            assert is_instance_id(signal.instance_id)
            assert signal.at.tzinfo is UTC
            assert signal.reason.isprintable()
            assert len(signal.reason) <= TEXT_MAX
        if isinstance(signal, TargetGroupSignal):
            assert TARGET_GROUP.search(signal.target_group_arn)
            assert signal.target_group_arn.isprintable()
            assert len(signal.reason) <= TEXT_MAX
            assert signal.until is None or signal.until.tzinfo is UTC
        if isinstance(signal, CallAnswer | DrillOrder):
            assert signal.by.isprintable()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts the malformed knows where."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Defib")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "hostile")


@BOUNDED
@given(tampered(ALL))
@example(put(STOPPED, ("time",), FIRST_YEAR))
@example(put(STOPPED, ("time",), LAST_YEAR))
@example(put(OWN, ("at",), FIRST_YEAR))
@example(put(QUESTION, ("at",), FIRST_YEAR))
@example(put(QUESTION, ("until",), LAST_YEAR))
@example(put(SAMPLES["canary-sent"], ("detail", "sent_at"), FIRST_YEAR))
@example(put(SAMPLES["approval-given"], ("time",), FIRST_YEAR))
@example(put(SAMPLES["alarm-instance"], ("time",), FIRST_YEAR))
@example(put(SAMPLES["health-operational-issue"], ("time",), FIRST_YEAR))
def test_a_tampered_event_is_signals_or_malformed(body: str) -> None:
    read(body)


@BOUNDED
@given(TEXTS | st.sampled_from(ALL).map(lambda text: text[: len(text) // 2]))
@example("\ud800")
def test_text_that_is_no_event_is_malformed(body: str) -> None:
    with pytest.raises(Malformed):
        normalise(body)


@pytest.mark.parametrize("sample", [*SAMPLES, "own"])
def test_brackets_without_end_are_malformed_wherever_they_stand(sample: str) -> None:
    for body in bombs(SAMPLES.get(sample, OWN)):
        with pytest.raises(Malformed):
            normalise(body)


def test_a_body_that_is_too_long_is_not_even_parsed() -> None:
    huge = put(STOPPED, ("id",), json.dumps("a" * BODY_MAX))

    def refused() -> None:
        with pytest.raises(Malformed, match="at most 262144 are read"):
            normalise(huge)

    assert steps(refused) < 2_000


def test_twice_as_many_dimensions_are_at_most_twice_the_work() -> None:
    def reading(count: int) -> int:
        metric = {"metricStat": {"metric": {"dimensions": {"InstanceId": "i-0a1b2c3d4e5f60001"}}}}
        body = put(SAMPLES["alarm-instance"], ("detail", "configuration", "metrics"), json.dumps([metric] * count))
        return steps(lambda: normalise(body))

    assert reading(1_000) <= 2.2 * reading(500)


@BOUNDED
@given(body=TEXTS | tampered(ALL))
@example(body=NASTY[1])
@example(body=put(STOPPED, ("time",), FIRST_YEAR))
def test_whatever_arrives_is_one_line_of_the_log_each(counted: None, body: str) -> None:
    out = io.StringIO()
    # Python keeps loggers for the life of the process, with the output that each first saw.
    logger = Logger(service=f"hostile-{next(NUMBERS)}", stream=out, level="INFO")

    def work(text: str) -> None:
        logger.info("signals", extra={"reasons": [str(signal) for signal in normalise(text)]})

    each_message(batch(body), Context(), logger, work)  # type: ignore[arg-type]  # as much of a context as is read

    lines = out.getvalue().removesuffix("\n").split("\n")
    assert [json.loads(line)["message"] for line in lines] in (["signals"], ["malformed message"])
    assert all(line.isprintable() for line in lines)
