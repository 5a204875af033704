"""Every call failing once, in every way: nothing breaks, and nobody is left untold.

The suite takes a share of the calls; ``python -m sim nth SCENARIO`` takes them all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Action
from defib.core.membership import IN_SERVICE
from defib.core.model import Verdict
from sim.fuzz.nth import (
    NEVER,
    WAYS,
    all_scenarios,
    beginning,
    beside_others,
    lived_failing,
    main,
    nth_call,
    scenario_story,
)
from sim.fuzz.run import lived
from sim.fuzz.trouble import Nth, Spell, Trouble
from tests.fuzz.worlds import call_before

EVERY = 29
"""Of so many calls one: prime, so that it falls on another step of the loop each time."""


@pytest.mark.parametrize("trouble", WAYS, ids=lambda trouble: trouble.value)
@pytest.mark.parametrize("scenario", ["april-30", "stuck-stopping"])
def test_a_call_that_fails_once_breaks_nothing(scenario: str, trouble: Trouble) -> None:
    story = scenario_story(scenario)
    first = 1 + WAYS.index(trouble) * 3
    lives = list(nth_call(story, (trouble,), first=first, every=EVERY))
    assert len(lives) > 10
    assert {(life.nth.number, life.struck): life.broken for life in lives if life.broken} == {}


@pytest.mark.parametrize("trouble", WAYS, ids=lambda trouble: trouble.value)
def test_acts_that_fail_time_and_again_break_nothing(trouble: Trouble) -> None:
    spell = Spell(timedelta(0), timedelta(minutes=8), trouble, "ec2.perform", 0.7)
    world, broken = lived(replace(scenario_story("april-30"), spells=(spell,)))
    assert world.outside.struck
    assert broken == []


TOO_MANY = frozenset({"alarm-storm"})
"""Takes seconds for each of its 19,000 calls."""


@pytest.mark.parametrize("scenario", sorted({*all_scenarios()} - TOO_MANY))
def test_in_every_scenario_a_call_at_its_beginning_middle_and_end_may_fail(scenario: str) -> None:
    story = scenario_story(scenario)
    calls = lived(story)[0].outside.calls
    ways = [WAYS[(n + len(scenario)) % len(WAYS)] for n in range(3)]
    each = [Nth(1 + calls * part // 6, way) for part, way in zip((1, 3, 5), ways, strict=True)]
    assert {nth: broken for nth in each if (broken := lived_failing(story, nth)[1])} == {}


def test_a_process_stands_still_at_one_call_while_others_go_on() -> None:
    story = scenario_story("april-30")
    as_it_is, _ = lived(beside_others(story))
    number = as_it_is.outside.calls // 2
    world, broken = lived_failing(story, Nth(number, Trouble.FROZEN))
    assert world.outside.calls != as_it_is.outside.calls, "whatever comes after it comes at another time"
    ((_, on),) = world.outside.struck_once
    assert world.outside.struck == [f"frozen on call {number}, {on}"]
    assert broken == []


def test_the_beginning_of_a_storm_is_its_first_faults_and_whoever_serves_with_those_they_strike() -> None:
    begun = beginning(scenario_story("alarm-storm"), 6).scenario
    assert [fault.at.total_seconds() for fault in begun.faults] == [10, 15, 20, 25, 30, 35]
    assert [fleet.name for fleet in begun.fleet] == ["spare", *(f"s{n:03}" for n in range(1, 31))]
    assert [answer.on for answer in begun.answers] == [("s030-1",)]
    assert beginning(scenario_story("alarm-storm"), 5).scenario.answers == ()


def test_a_call_that_fails_at_the_beginning_of_a_storm_breaks_nothing() -> None:
    lives = list(nth_call(beginning(scenario_story("alarm-storm"), 1), every=EVERY))
    assert len(lives) > 100
    assert {(life.nth.number, life.struck): life.broken for life in lives if life.broken} == {}


@pytest.mark.parametrize(
    ("on", "action", "call"),
    [("web-45", Action.START, "ec2.perform"), ("web-1", Action.REBOOT, "table.write")],
    ids=["a start", "the claim of a reboot"],
)
def test_an_act_of_which_nobody_knows_keeps_its_place_though_fewer_run_when_it_is_made_again(
    on: str, action: Action, call: str
) -> None:
    # What the sweep alone finds is found at a moment at which there is just room for it.
    told = scenario_story("mixed-storm")
    story = replace(told, policy=replace(told.policy, detection=replace(told.policy.detection, fleet_alarm=False)))
    world, broken = lived(story, Nth(call_before(story, on, action, call), Trouble.ANSWER_LOST))
    lost = [a for c in world.store.cases.values() for a in c.attempts if a.result and a.result.verdict is Verdict.LOST]
    assert [attempt.claimed_at is not None for attempt in lost] == [True]
    assert broken == []


def test_a_return_to_service_that_its_group_has_not_heard_of_is_asked_for_again_where_no_load_balancer_tells() -> None:
    story = scenario_story("group-standby")
    fleet = tuple(replace(fleet, target_group="") for fleet in story.scenario.fleet)
    story = replace(story, scenario=replace(story.scenario, fleet=fleet, target_groups=()))
    (healed,) = lived(story)[0].store.cases.values()
    unheard = Spell(
        healed.attempts[-1].intended_at - story.scenario.start, timedelta(seconds=10), Trouble.HANGS, "ec2.perform", 1
    )

    world, broken = lived(replace(story, spells=(unheard,)))

    (case,) = world.store.cases.values()
    last = [(a.action, a.result.verdict) for a in case.attempts[-2:] if a.result is not None]
    assert last == [(Action.EXIT_STANDBY, Verdict.LOST), (Action.EXIT_STANDBY, Verdict.DONE)]
    assert {member.lifecycle for member in world.cloud.scaling.groups["web"].members.values()} == {IN_SERVICE}
    assert broken == []


def test_the_scenario_as_it_is_comes_first_and_then_every_call_in_every_way() -> None:
    lives = list(nth_call(scenario_story("zonal-shift"), (Trouble.REFUSED, Trouble.RACE), every=40))
    calls = lived(scenario_story("zonal-shift"))[0].outside.calls
    ways = [(number, way) for number in range(1, calls + 1, 40) for way in (Trouble.REFUSED, Trouble.RACE)]
    assert [life.nth for life in lives] == [NEVER, *(Nth(number, way) for number, way in ways)]
    assert all(f"on call {life.nth.number}, " in life.struck for life in lives[1:])


def test_of_calls_far_apart_all_may_fail_in_one_life_and_each_has_then_failed_in_every_way() -> None:
    lives = list(nth_call(scenario_story("zonal-shift"), (Trouble.REFUSED, Trouble.RACE), apart=20))
    calls = lived(scenario_story("zonal-shift"))[0].outside.calls
    assert [life.nth for life in lives[1:]] == [
        Nth(number, way, 20) for number in range(1, 21) for way in (Trouble.REFUSED, Trouble.RACE)
    ]
    assert {call for life in lives[1:] for call in range(1, calls + 1) if life.nth.at(call)} == {*range(1, calls + 1)}
    assert {life.nth: life.broken for life in lives if life.broken} == {}


@pytest.mark.parametrize("trouble", WAYS, ids=lambda trouble: trouble.value)
def test_of_a_whole_storms_calls_forty_may_fail(trouble: Trouble) -> None:
    world, broken = lived(scenario_story("alarm-storm"), Nth(1 + 83 * WAYS.index(trouble), trouble, 499))
    assert len(world.outside.struck) >= 38
    assert broken == []


def test_the_calls_that_fail_are_of_every_kind() -> None:
    lives = nth_call(scenario_story("april-30"), (Trouble.ANSWER_LOST,), every=7)
    kinds = {life.struck.rpartition(" ")[2] for life in lives}
    assert {"table.read", "table.write", "ec2.observe", "queue.wake", "queue.signals"} <= kinds


def test_the_command_says_what_came_of_each_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["april-30", "sweep-dies"], every=300) == 0
    said = capsys.readouterr().out
    for name in ("april-30", "sweep-dies"):
        lives = 1 + len(WAYS) * len(range(0, lived(scenario_story(name))[0].outside.calls, 300))
        assert f"{name}: {lives} lives, one call failing in each but the first; broken in 0" in said


def test_a_name_that_is_no_scenario_is_said_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["april-31"]) == 2
    assert "no scenario is named 'april-31'; there are: acknowledged-by-link, " in capsys.readouterr().err
