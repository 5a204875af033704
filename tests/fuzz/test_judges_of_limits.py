"""What takes a place of ``limits.share``, as the judge of limits counts it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.case import Action
from tests.fuzz.test_judges_of_acts import attempt, case_of, keep
from tests.fuzz.worlds import told


@pytest.mark.parametrize("action", [Action.EVIDENCE, pytest.param(Action.REBOOT, marks=pytest.mark.breaks("limits"))])
def test_what_is_taken_back_from_people_has_its_place_from_the_next_act(action: Action) -> None:
    world = told("april-30")
    now = world.time.now
    one, other = list(world.cloud.machines.values())[:2]
    repaired = case_of(one, now, attempt(now, 1, Action.REBOOT))
    for case in (repaired, replace(repaired, handed_over_at=now), repaired.with_intent(action, "because", now)):
        keep(world, case)
        if case.handed_over_at is None:
            world.judge.act(case.attempts[-1], case)
        world.judge.remembered(case)
    another = case_of(other, now, attempt(now, 1, Action.REBOOT))
    world.judge.act(another.attempts[0], another)
    found = any(f"reboot on {other.name}: 1 under repair" in line for line in world.judge.broken)
    assert found is (action is Action.REBOOT)
