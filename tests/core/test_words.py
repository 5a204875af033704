"""Times in words: as strftime writes them in English, whatever the locale; and where the evidence is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from defib.core.case import Action
from defib.core.model import Result, Verdict
from defib.core.words import clock, date_of, day, evidence_of, minute
from tests.core.facts import NOON, attempt, case


@pytest.mark.parametrize("month", range(1, 13))
def test_times_are_written_in_full(month: int) -> None:
    at = datetime(2026, month, 3, 4, 5, 6, 789, tzinfo=UTC)
    assert clock(at) == "04:05:06 UTC"
    assert minute(at) == "04:05 UTC"
    assert day(at) == f"{at:%d %B} 04:05 UTC"
    assert date_of(at) == f"{at:%d %B %Y}"


def test_of_two_failures_people_read_where_the_evidence_of_the_present_one_is() -> None:
    taken = [
        replace(attempt(Action.EVIDENCE), result=Result("i-0aa1-1", 0, Verdict.DONE, NOON, detail=f"s3://bucket/{n}/"))
        for n in (1, 2)
    ]

    told = evidence_of(case(*taken, attempt(Action.EVIDENCE, verdict=None)))

    assert told.startswith("s3://bucket/2/")
