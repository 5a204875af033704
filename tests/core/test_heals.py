"""How often an instance was healed within a day, and when that is too often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Action, Escalate, Outcome
from defib.core.decide import decide
from defib.core.heals import heals_before
from defib.core.model import Cause, Diagnosis
from defib.core.policy import Repair
from tests.core.facts import NOON, POLICY, after, attempt, case, observed


def test_a_case_knows_how_often_its_instance_was_healed_within_a_day() -> None:
    healed = case(closed_at=after(hours=20), outcome=Outcome.HEALED, healed_before=(NOON, after(hours=10)))
    recovered = replace(healed, outcome=Outcome.RECOVERED)

    assert heals_before(None, NOON) == ()
    assert heals_before(healed, after(hours=25)) == (after(hours=10), after(hours=20))
    assert heals_before(recovered, after(hours=25)) == (after(hours=10),)


@pytest.mark.parametrize(("heals", "asked"), [(2, False), (3, True)])
def test_an_instance_healed_too_often_is_left_to_people_once_evidence_is_taken(heals: int, asked: bool) -> None:
    so_far = case(attempt(Action.EVIDENCE), healed_before=tuple(NOON - timedelta(hours=h) for h in range(heals)))

    diagnosis = Diagnosis(Cause.INSTANCE_IMPAIRED, NOON, ())
    decision = decide(so_far, observed(), diagnosis, replace(POLICY, repair=Repair(heals_a_day=3)), NOON)

    assert isinstance(decision, Escalate) is asked
