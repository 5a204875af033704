"""Stories that nobody told: every invariant holds in each, and what once broke one never does again."""

from __future__ import annotations

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
"""One in whose machinery nothing goes wrong, so that every bound in time counts."""
A_CROWD_IN_MAINTENANCE = 608_999
A_CROWD_BEFORE_AN_EVENT = 14_001_999
A_CROWD_ASKING = 33_002_499
"""They broke an invariant once, and are too long for a file."""
TWO_SERVICES = 3_860
"""Of which each would take the last target of the group that they share, if Defib looked at one service alone."""

JUDGED_WRONGLY = (
    *(30_015_999, 30_021_430, 30_032_678, 30_034_201, 30_034_609, 30_040_792),
    *(33_013_729, 36_002_742, 37_001_119, 37_001_847, 38_010_334, 39_008_819, 39_008_883),
    *(42_006_517, 49_000_572, 49_010_004, 49_014_493, 51_014_625, 52_001_999),
    *(58_001_655, 60_009_015),
)
"""A judge took what Defib does in them for broken: a digest of one lane for another's, a start that came to nothing for
one that counts, a turn that had not come for one that never would, a question about an announced event for silence, a
start of what had fallen again in the same repair for one that nobody wanted, a stop for a person's while Defib's was
on its way, what people had taken back for forgotten, what a sweep had found a moment before for not found, one that was
held, and works by then, for one under repair, what somebody starts again and again for a trail without end, what had
stopped a moment before the end for forgotten, a call for help behind hundreds of messages for one that was late, and
what somebody had started for known while EC2's reads lagged, and what had moved between two looks for long at rest."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_invariant_holds_in_the_stories_of_the_first_seeds(shard: int) -> None:
    broken = {seed: found for seed in range(shard, BUDGET, SHARDS) if (found := lived(draw(seed))[1])}
    assert broken == {}, f"repeat it: python -m sim fuzz --seeds 1 --from {min(broken)}"


def test_every_invariant_holds_where_more_fail_than_can_be_looked_at() -> None:
    world, broken = lived(plain(A_CROWD))
    told = world.store.latest_incident(INCIDENT_SERVICE)
    assert told is not None, "they were so many that people were told"
    assert broken == []


@pytest.mark.parametrize("seed", [A_CROWD_IN_MAINTENANCE, A_CROWD_BEFORE_AN_EVENT, A_CROWD_ASKING])
def test_crowds_that_broke_an_invariant_once_break_none(seed: int) -> None:
    assert lived(plain(seed))[1] == []


@pytest.mark.parametrize("seed", JUDGED_WRONGLY)
def test_what_a_judge_once_got_wrong_it_gets_right(seed: int) -> None:
    assert lived(plain(seed))[1] == []


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
