"""Stories that nobody told: every invariant holds in each, and what once broke one never does again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from defib.core.call import Reaction
from defib.core.case import Action, Outcome
from defib.core.crowd import INCIDENT_SERVICE
from defib.core.model import Cause
from sim.fuzz.draw import draw
from sim.fuzz.draw_crowd import CROWDS_EVERY
from sim.fuzz.failures import REGRESSIONS
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story_file import load
from sim.shifts import Kind
from tests.fuzz.worlds import plain

BUDGET = 160
"""Seeds of every run; ``make fuzz`` takes more."""
SHARDS = 8
A_CROWD = 8 * CROWDS_EVERY - 1
"""Lived through with nothing wrong in the machinery, so that every bound in time counts."""
TWO_SERVICES = 3_860
"""Of which each would take the last target of the group that they share, if Defib looked at one service alone."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_invariant_holds_in_the_stories_of_the_first_seeds(shard: int) -> None:
    broken = {seed: found for seed in range(shard, BUDGET, SHARDS) if (found := lived(draw(seed))[1])}
    assert broken == {}, f"repeat it: python -m sim fuzz --seeds 1 --from {min(broken)}"


def test_every_invariant_holds_where_more_fail_than_can_be_looked_at() -> None:
    world, broken = lived(replace(plain(A_CROWD), spells=()))
    told = world.store.latest_incident(INCIDENT_SERVICE)
    assert told is not None, "they were so many that people were told"
    assert broken == []


def test_two_services_leave_the_target_group_that_they_share_a_target_that_serves() -> None:
    world, broken = lived(plain(TWO_SERVICES))
    assert "hold:last_healthy_target" in {entry.decision for entry in world.store.audit}
    assert broken == []


def test_people_answer_by_the_link_in_their_mail() -> None:
    world, broken = lived(scenario_story("acknowledged-by-link"))
    assert (world.people.said, broken) == (1, [])
    assert [entry.answer.reaction for entry in world.store.answers] == [Reaction.ACKNOWLEDGE]


def test_a_seed_always_tells_the_same_story() -> None:
    first, second = lived(draw(7))[0], lived(draw(7))[0]
    assert first.store.audit == second.store.audit
    assert any(entry.decision.startswith("act:") for entry in first.store.audit), "something has happened in it"
    assert first.outside.calls == second.outside.calls


def test_the_stories_are_worth_living_through() -> None:
    worlds = [lived(draw(seed))[0] for seed in range(0, 840, 7)]
    struck = {line.partition(" on ")[0] for world in worlds for line in world.outside.struck}
    outcomes = {case.outcome for world in worlds for case in world.store.cases.values()}
    assert {"dies_before", "dies_after", "race", "hangs", "answer_lost"} <= struck
    assert {"denied", "partly", "stale", "conflicts"} <= struck
    assert {"message_lost", "message_late", "message_doubled", "queue_doubles", "no_sweep", "region_dark"} <= struck
    assert "world_moves" in struck
    assert len(outcomes) >= 5
    cases = [case for world in worlds for case in world.store.cases.values()]
    done = {attempt.action for case in cases for attempt in case.attempts}
    assert {Action.REPLACE, Action.SUPPRESS_CHECK, Action.FORCE_STOP, Action.RESTORE} <= done
    changed = [case for case in cases if any(attempt.action is Action.RESIZE for attempt in case.attempts)]
    assert any(case.outcome is Outcome.HEALED for case in changed), "another type has room"
    assert any(world.store.answers for world in worlds), "somebody answers a call"
    told_of = {incident.service.partition(":")[0] for world in worlds for incident in world.store.incidents.values()}
    assert {"drill", "defib"} <= told_of, "contacts are drilled, and addresses get nothing"
    assert any(world.customers.memory.now.told for world in worlds), "subscribers read what the page says"
    assert any(world.customers.memory.days for world in worlds), "somebody asks for that"
    assert any(other.told for world in worlds for other in world.others.values()), "another page follows"
    assert any(service.startswith("zone:") for world in worlds for service, _ in world.store.incidents)
    assert any(case.confirmed_cause is Cause.EVENT_SCHEDULED for case in cases)
    assert {shift.kind for world in worlds for shift in world.cloud.shifts.all} == {*Kind}, "Defib and AWS shift"


@pytest.mark.parametrize("file", sorted(REGRESSIONS.glob("*.toml")), ids=lambda file: file.stem)
def test_what_once_broke_an_invariant_does_so_no_more(file: Path) -> None:
    told = load(file)
    assert lived(told.story, told.nth)[1] == []
