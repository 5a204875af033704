"""While AWS carries out what it has announced, Defib waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from defib.core.case import Action, Hold
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.model import Checks, Event
from tests.core.facts import NOON, OK, POLICY, after, attempt, case, impaired, observed

BAD = Checks(OK, impaired(after(minutes=-5)))
SO_FAR = case(attempt(Action.EVIDENCE))


def held(*events: Event, now: datetime = NOON) -> bool:
    facts = observed(checks=replace(BAD, events=events))
    decision = decide(SO_FAR, facts, diagnose(facts, SO_FAR, POLICY, now), POLICY, now)
    return isinstance(decision, Hold) and decision.guard == "aws_at_work"


@pytest.mark.parametrize("code", ["instance-reboot", "system-reboot", "system-maintenance"])
def test_while_aws_is_at_work_nothing_is_taken_away(code: str) -> None:
    assert held(Event(code, after(minutes=-10), after(minutes=30)))


@pytest.mark.parametrize("code", ["instance-retirement", "instance-stop"])
def test_for_a_retirement_a_stop_and_start_is_the_cure(code: str) -> None:
    assert not held(Event(code, after(minutes=-10), after(minutes=30)))


@pytest.mark.parametrize(
    ("begins", "ends", "at_work"),
    [
        (after(minutes=1), after(minutes=30), False),
        (NOON, after(minutes=30), True),
        (after(minutes=-30), NOON, False),
        (after(minutes=-119), None, True),
        (after(minutes=-120), None, False),
    ],
)
def test_the_announced_times_say_when(begins: datetime, ends: datetime | None, at_work: bool) -> None:
    assert held(Event("system-maintenance", begins, ends)) is at_work


def test_without_an_event_nothing_is_held() -> None:
    assert not held()
