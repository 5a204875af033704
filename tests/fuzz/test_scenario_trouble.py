"""A scenario's own trouble in the machinery, as memory has it: it strikes what it says, when it says, and no more."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Outcome
from sim.fuzz.draw import draw
from sim.fuzz.nth import all_scenarios, beyond_memory, nth_call, scenario_story
from sim.fuzz.on_moto import machinery_of
from sim.fuzz.run import lived
from sim.fuzz.scenario_trouble import BeyondMemory, spells_of
from sim.fuzz.story import Story
from sim.fuzz.story_file import read, write
from sim.fuzz.trouble import INDEX, VERSIONED, Spell, Trouble
from sim.fuzz.world import World
from sim.machinery import MachineryFault, MachineryKind

MINUTE = timedelta(minutes=1)
LATE = timedelta(seconds=40)
PUTS = ("dynamodb:PutItem", "dynamodb:TransactWriteItems")
STRUCK = re.compile(r"(?P<trouble>\w+) on call \d+, (?P<on>.+)")
OF_SCENARIOS = {
    "monitor-hangs": {("hangs", "ec2.suspects status"), ("hangs", "ec2.observe instance")},
    "other-page-fails": {("hangs", "elsewhere.tell statuspage")},
    "own-region-dark": set(),
    "partition": set(),
    "primary-region-dark": {("region_dark", "sweep")},
    "publish-dies": {("function_dies", "publish")},
    "queue-backs-up": {("queue_doubles", "signals"), ("queue_doubles", "orders")},
    "sns-refuses": {("refused", "channel.publish")},
    "sweep-dies": {("function_dies", "sweep")},
    "table-unavailable": {("refused", "table.read")},
}
"""What befalls which calls, messages or sweeps; where nothing runs or nothing is taken, nothing is called."""


@pytest.mark.parametrize("scenario", OF_SCENARIOS)
def test_what_the_scenario_says_befalls_the_machinery_and_what_fails_is_healed(scenario: str) -> None:
    story = scenario_story(scenario)
    world, broken = lived(story)
    assert {_struck(line) for line in world.outside.struck} == OF_SCENARIOS[scenario]
    assert broken == []
    failing = len(story.scenario.faults)
    assert [case.outcome for case in world.cases()] == [Outcome.HEALED] * failing


def test_every_scenario_can_be_played_in_memory() -> None:
    assert {name for name in all_scenarios() if scenario_story(name).scenario.machinery} == {*OF_SCENARIOS}
    assert [name for name in all_scenarios() if beyond_memory(scenario_story(name))] == []


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (MachineryFault(MINUTE, ("fleet-alarm",), MachineryKind.ALARM_SILENT), "alarm_silent on fleet-alarm"),
        (MachineryFault(MINUTE, ("ssm:GetParameter",), MachineryKind.CALL_HANGS), "call_hangs on ssm:GetParameter"),
        (MachineryFault(MINUTE, ("dynamodb",), MachineryKind.CALL_HANGS, nth=2), "call_hangs on dynamodb"),
        (MachineryFault(MINUTE, PUTS[:1], MachineryKind.WRITE_CONFLICTS), f"write_conflicts on {PUTS[0]}"),
        (MachineryFault(MINUTE, ("dynamodb",), MachineryKind.STALE_READS, nth=2), "stale_reads on dynamodb"),
        (MachineryFault(MINUTE, ("sweep",), MachineryKind.FUNCTION_DIES, times=1), "function_dies on sweep"),
        (MachineryFault(MINUTE, ("api.example.com",), MachineryKind.HTTPS_HANGS), "https_hangs on api.example.com"),
    ],
)
def test_what_memory_does_not_have_or_can_not_tell_apart_is_said(fault: MachineryFault, says: str) -> None:
    story = scenario_story("april-30")
    told = replace(story, scenario=replace(story.scenario, machinery=(fault,)))
    assert beyond_memory(told) == says
    with pytest.raises(BeyondMemory):
        spells_of(told.scenario, told.policy)


@pytest.mark.parametrize(
    ("fault", "spell"),
    [
        (
            MachineryFault(MINUTE, ("sqs:SendMessageBatch",), MachineryKind.BATCH_PARTLY_REFUSED, MINUTE),
            Spell(MINUTE, MINUTE, Trouble.PARTLY, "queue.signals"),
        ),
        (
            MachineryFault(MINUTE, ("dynamodb:Query",), MachineryKind.STALE_READS, MINUTE, by=("sweep",), delay=LATE),
            Spell(MINUTE, MINUTE, Trouble.STALE, INDEX, by="sweep", delay=LATE),
        ),
        (
            MachineryFault(MINUTE, PUTS, MachineryKind.WRITE_CONFLICTS, MINUTE, times=3),
            Spell(MINUTE, MINUTE, Trouble.CONFLICTS, VERSIONED, times=3),
        ),
        (
            MachineryFault(
                MINUTE,
                ("ec2:DescribeInstanceStatus",),
                MachineryKind.CALL_REFUSED,
                MINUTE,
                error="UnauthorizedOperation",
            ),
            Spell(MINUTE, MINUTE, Trouble.DENIED, "ec2.suspects status"),
        ),
        (
            MachineryFault(MINUTE, ("dynamodb",), MachineryKind.CALL_REFUSED, MINUTE),
            Spell(MINUTE, MINUTE, Trouble.REFUSED, "table.write"),
        ),
    ],
)
def test_what_aws_refuses_or_shows_late_is_the_same_in_memory_and_is_lived_through(
    fault: MachineryFault, spell: Spell
) -> None:
    story = scenario_story("reboot-cures")
    found = spells_of(replace(story.scenario, machinery=(replace(fault, at=MINUTE),)), story.policy)
    assert spell in found
    later = tuple(replace(each, at=MINUTE * 3, lasts=MINUTE * 6) for each in found)
    world = _lived(*later)
    assert {_struck(line)[0] for line in world.outside.struck} == {spell.trouble.value}


@pytest.mark.parametrize("trouble", [Trouble.DENIED, Trouble.CONFLICTS, Trouble.STALE, Trouble.PARTLY])
def test_what_a_story_has_of_it_is_in_the_replay_what_it_is_in_memory(trouble: Trouble) -> None:
    drawn = (spell for seed in range(400) for spell in draw(seed).spells if spell.trouble is trouble)
    spell = next(s for s in drawn if trouble is not Trouble.DENIED or s.on.startswith("table."))
    story = scenario_story("reboot-cures")
    machinery = tuple(machinery_of(spell))
    if trouble is Trouble.DENIED:
        machinery = tuple(replace(fault, on=("dynamodb",)) for fault in machinery)
    found = spells_of(replace(story.scenario, machinery=machinery), story.policy)
    assert {each.trouble for each in found} == {trouble}
    assert {(each.at, each.lasts) for each in found} == {(spell.at, spell.lasts)}
    assert spell.on in {each.on for each in found}


def test_without_the_fleet_alarm_nothing_is_found_while_the_sweep_is_dead() -> None:
    story = scenario_story("sweep-dies")
    policy = replace(story.policy, detection=replace(story.policy.detection, fleet_alarm=False))
    assert lived(replace(story, policy=policy))[0].cases() == []


def test_what_is_broken_for_good_is_mended_when_the_scenario_is_over_and_what_waited_for_it_ends_well() -> None:
    story = scenario_story("sweep-dies")
    assert [spell.at + spell.lasts for spell in story.spells] == [story.scenario.until]
    lives = nth_call(story, (Trouble.HANGS,))
    lost_wake = next(life.nth for life in lives if life.struck.endswith("queue.wake"))
    world, broken = lived(story, lost_wake)
    assert broken == []
    (case,) = world.cases()
    assert case.closed_at is not None
    # Nobody but a sweep knows of it.
    assert case.closed_at > story.scenario.start + story.scenario.until


def test_a_function_dies_when_so_many_of_its_calls_have_been_answered() -> None:
    world = _lived(Spell(MINUTE * 3, MINUTE * 8, Trouble.FUNCTION_DIES, "publish", after_calls=1))
    early = _lived(Spell(MINUTE * 3, MINUTE * 8, Trouble.FUNCTION_DIES, "publish"))
    assert Counter(world.outside.struck) != Counter(early.outside.struck)
    assert world.store.published.keys() == world.store.notices.keys()
    began = world.story.scenario.start + MINUTE * 11
    assert min(world.store.published.values()) > began


def test_a_queue_that_is_late_is_taken_from_when_it_is_over() -> None:
    late = Spell(MINUTE * 3, MINUTE * 6, Trouble.QUEUE_LATE, "signals")
    cases = _lived(late).cases()
    assert [case.opened_at >= cases[0].opened_at for case in cases] == [True]
    over = scenario_story("reboot-cures").scenario.start + late.at + late.lasts
    assert over <= cases[0].opened_at < over + MINUTE


def test_a_message_that_comes_twice_comes_once_more_when_its_function_was_done_with_it() -> None:
    delay = timedelta(seconds=20)
    twice = _lived(Spell(timedelta(0), MINUTE * 60, Trouble.QUEUE_DOUBLES, "orders", delay=delay))
    once = _lived()
    orders = sum(len(case.attempts) for case in once.cases())
    assert sum(len(case.attempts) for case in twice.cases()) == orders
    assert twice.lanes.invocations > once.lanes.invocations


def test_what_befalls_one_function_s_calls_or_so_many_leaves_the_others_alone() -> None:
    by = _lived(Spell(MINUTE * 3, MINUTE * 20, Trouble.REFUSED, "table.read", by="sweep"))
    some = _lived(Spell(MINUTE * 3, MINUTE * 20, Trouble.REFUSED, "table.read", by="diagnose", times=2))
    assert len(some.outside.struck) == 2
    assert len(by.outside.struck) > 20
    assert [case.outcome for world in (by, some) for case in world.cases()] == [Outcome.HEALED] * 2


def test_one_call_more_may_fail_beside_the_trouble_that_the_scenario_has() -> None:
    story = scenario_story("table-unavailable")
    lives = list(nth_call(story, (Trouble.HANGS,), every=97))
    assert len(lives) > 4
    assert [life.broken for life in lives if life.broken] == []


@pytest.mark.parametrize("scenario", OF_SCENARIOS)
def test_such_a_story_is_read_from_its_file_as_it_was(scenario: str) -> None:
    story = scenario_story(scenario)
    told = read(write(story)).story
    assert told.spells == story.spells
    assert told.scenario.machinery == story.scenario.machinery


def _lived(*spells: Spell) -> World:
    world, broken = lived(replace(_reboot_cures(), spells=spells))
    assert broken == []
    return world


def _reboot_cures() -> Story:
    return scenario_story("reboot-cures")


def _struck(line: str) -> tuple[str, str]:
    found = STRUCK.fullmatch(line)
    assert found is not None, line
    return found["trouble"], found["on"]
