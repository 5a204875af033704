"""The same stories in the deployed stack's own handlers: what holds in memory holds there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from defib.core.case import Action
from sim.__main__ import main as sim
from sim.fuzz.alike import calm_of, differences, differing, held_in, in_turn, told
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.on_moto import KINDS, lived_on_moto
from sim.fuzz.run import Tally, play_on_moto
from sim.fuzz.story_file import load
from sim.fuzz.trouble import Nth, Trouble
from sim.fuzz.world import World
from sim.middle import middle
from sim.world import World as Deployed
from tests.aws.cases import NOON, a_case, an_attempt


@pytest.mark.parametrize("seed", [3])
def test_a_drawn_story_breaks_nothing_there(seed: int) -> None:
    story = draw(seed)
    world, broken = lived_on_moto(story)
    assert broken == []
    assert sum(world.recorder.ledger.made.values()) > 500
    # Of a target group that is not there a sweep would hear nothing, and no outage of a zone would ever be over.
    named = {group.name for service in story.policy.services for group in service.target_groups}
    assert named - {group.name for group in story.scenario.target_groups}
    assert world.recorder.ledger.metrics["sweep:SweepCompleted"] > story.scenario.until / timedelta(minutes=2)


def test_what_a_group_and_a_load_balancer_are_asked_for_breaks_nothing_there_and_comes_to_the_same() -> None:
    story = load(Path(__file__).with_name("replaced-by-its-group.toml")).story
    acts: set[Action] = set()

    def looked_at(world: Deployed) -> None:
        acts.update(attempt.action for case in world.records.cases() for attempt in case.attempts)

    assert lived_on_moto(story, over=looked_at)[1] == []
    # The two seeds come to no act on an instance there.
    assert acts >= {Action.DRAIN, Action.STOP, Action.FORCE_STOP, Action.START, Action.RESTORE, Action.REPLACE}
    assert differing(story) == []


@pytest.mark.parametrize(("number", "trouble"), [(60, Trouble.ANSWER_LOST), (200, Trouble.HANGS)])
def test_a_call_that_fails_once_breaks_nothing_there(number: int, trouble: Trouble) -> None:
    assert lived_on_moto(scenario_story("april-30"), Nth(number, trouble))[1] == []


def test_the_command_says_how_many_ways_a_call_fails_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        sim(["nth", "--help"])
    words = ("no lives", "one life", "two lives", "three lives", "four lives", "five lives", "six lives")
    assert f"on moto: {words[len(KINDS)]} a call" in " ".join(capsys.readouterr().out.split())


def test_an_act_without_consent_is_found_there() -> None:
    story = scenario_story("april-30")
    told = replace(story, policy=replace(story.policy, services=()))
    assert any(line.startswith("consent") for line in lived_on_moto(told)[1])


def test_the_same_comes_of_a_story_in_memory_and_there() -> None:
    story = draw(6)
    world = World(calm_of(story), draws=middle)
    world.run()
    assert len(told(world.cases(), world.cloud.by_name, in_turn(held_in(world.store.audit)))) > 2, "to be compared"
    assert differing(story) == []


def test_a_story_of_which_something_else_comes_in_memory_fails_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "cases", lambda _: [])
    tally = Tally()
    play_on_moto([6], tally)

    (failure,) = tally.failures
    assert failure.seed == 6
    assert all(line.startswith("alike: of ") for line in failure.broken)


def test_another_cause_another_act_and_another_end_are_differences() -> None:
    same = {"a-1": ("zombie: reboot, healed",), "a-2": ("zombie: reboot, healed",)}
    other = {
        "a-1": ("zombie: reboot, healed",),
        "a-2": ("zombie: stop start, healed",),
        "a-3": ("zombie: nothing, held",),
    }

    assert differences(same, same) == []
    assert [line.partition(" in memory ")[0] for line in differences(same, other)] == ["alike: of a-2", "alike: of a-3"]


def test_what_is_compared_is_left_without_trouble_and_people() -> None:
    story = next(s for s in map(draw, range(100)) if s.spells and s.scenario.answers and s.scenario.kill_switch)
    calm = calm_of(story)

    assert calm.scenario.faults == story.scenario.faults
    assert (calm.spells, calm.scenario.answers, calm.scenario.kill_switch) == ((), (), ())


def test_a_service_of_which_one_waited_for_others_is_not_compared_and_the_others_are() -> None:
    assert in_turn({("web", "concurrent_repairs"), ("db", "stop_protection")}) == {"web"}

    machines = World(draw(6)).cloud.by_name
    (first, web), (second, db) = list(machines.items())[:2]
    of_web = a_case(web.instance_id, confirmed_at=NOON, attempts=(an_attempt(Action.REBOOT),))
    cases = (of_web, replace(of_web, instance_id=db.instance_id, service="db"))
    assert set(told(cases, machines)) == {first, second}
    assert set(told(cases, machines, {"web"})) == {second}
