"""Calls that take time: what others do meanwhile, and that an act in the middle of its call is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from defib.core.case import Case, Outcome
from defib.core.model import Verdict
from defib.shell import perform
from sim.clock import VirtualTime
from sim.fuzz.draw import draw
from sim.fuzz.lanes import Lanes
from sim.fuzz.nth import scenario_story
from sim.fuzz.outside import Outside
from sim.fuzz.run import lived
from sim.fuzz.story import Story
from sim.fuzz.story_file import read, write
from sim.fuzz.trouble import TAKE_TIME, Spell, Trouble
from sim.fuzz.world import World
from sim.replies import Pull
from tests.core.facts import NOON
from tests.fuzz.worlds import MINUTE, broken

AT_ONCE = timedelta(0)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
TOLD_TWICE = Spell(AT_ONCE, HOUR, Trouble.MESSAGE_DOUBLED, "orders")
OTHER = ("other begins", "other is made", "other ends")
SLOW_ACTS = Spell(AT_ONCE, HOUR, Trouble.SLOW, "ec2.perform", by="remediate", delay=SECOND * 15)


class Desk:
    """One function with its queue, whose calls take as long as a spell says; notes what happens when."""

    def __init__(self, function: str, *spells: Spell) -> None:
        self.time = VirtualTime(NOON)
        self.outside = Outside(self.time, spells, None, Random(1))
        self.lanes = Lanes(self.time, self.outside, Random(1))
        self.lanes.run(function, self._work)
        self.noted: list[tuple[str, datetime]] = []

    def _work(self, body: object) -> None:
        self._note(f"{body} begins")
        self.outside.call("ec2.perform", self._note, f"{body} is made")
        self._note(f"{body} ends")

    def _note(self, what: str) -> None:
        self.noted.append((what, self.time.now))

    def live(self) -> list[str]:
        self.time.run_until(NOON + MINUTE)
        self.time.abandon()
        return [what for what, _ in self.noted]


def test_one_story_of_four_has_some_and_none_that_has_a_deployment_but_a_service_renamed() -> None:
    stories = [draw(seed) for seed in range(100)]
    drawn = [story for story in stories if any(spell.trouble in TAKE_TIME for spell in story.spells)]
    assert 12 <= len(drawn) <= 38
    deployed = [each.policy for story in drawn for each in story.redeployed]
    assert all(any(s.name.endswith("-renamed") for s in policy.services) for policy in deployed)
    assert {spell.trouble for story in drawn for spell in story.spells} >= TAKE_TIME


def test_they_are_kept_in_a_file() -> None:
    story = _story(SLOW_ACTS, TOLD_TWICE)
    assert read(write(story)).story.spells == story.spells


@pytest.mark.parametrize(
    ("trouble", "done"),
    [
        (Trouble.SLOW, ["one is made", *OTHER, "one ends"]),
        (Trouble.FROZEN, [*OTHER, "one is made", "one ends"]),
        (Trouble.HANGS_LONG, [*OTHER, "one begins", "one is made", "one ends"]),
    ],
)
def test_while_one_invocation_waits_another_does_its_work(trouble: Trouble, done: list[str]) -> None:
    """Of which the call hangs its message comes again."""
    desk = Desk("remediate", Spell(AT_ONCE, SECOND, trouble, "ec2.perform", times=1, delay=SECOND * 10))
    desk.lanes.send("remediate", "one")
    desk.lanes.send("remediate", "other")
    assert desk.live() == ["one begins", *done]


def test_a_function_that_stands_still_for_longer_than_its_time_is_ended_and_its_message_comes_again() -> None:
    """As long after it was received as the queue hides it: ten seconds more than the function has."""
    desk = Desk("remediate", Spell(AT_ONCE, SECOND, Trouble.FROZEN, "ec2.perform", delay=SECOND * 45))
    desk.lanes.send("remediate", "one")
    assert desk.live() == ["one begins", "one begins", "one is made", "one ends"]
    first, again = desk.noted[0][1], desk.noted[1][1]
    assert SECOND * 40 <= again - first <= SECOND * 41


def test_a_group_waits_for_its_message_that_is_at_work_and_other_groups_do_not() -> None:
    """SQS hands out no more of a group before that is deleted or visible again (Developer Guide, FIFO queues)."""
    desk = Desk("publish", Spell(AT_ONCE, SECOND, Trouble.SLOW, "ec2.perform", times=1, delay=SECOND * 10))
    desk.lanes.send("publish", "first", group="web-1")
    desk.time.run_until(NOON + SECOND / 2)
    desk.lanes.send("publish", "second", group="web-1")
    desk.lanes.send("publish", "another", group="web-2")
    done = desk.live()
    assert done.index("first ends") < done.index("second begins")
    assert done.index("another ends") < done.index("first ends")


def test_a_call_that_stands_still_when_the_region_goes_dark_is_never_made() -> None:
    dark = Spell(SECOND * 5, SECOND * 20, Trouble.REGION_DARK, "region")
    desk = Desk("remediate", dark, Spell(AT_ONCE, SECOND, Trouble.FROZEN, "ec2.perform", times=1, delay=SECOND * 10))
    desk.lanes.send("remediate", "one")
    assert desk.live()[:2] == ["one begins", "one begins"]


def test_an_order_that_comes_twice_leaves_the_act_that_is_in_flight_alone() -> None:
    world, found = lived(_story(SLOW_ACTS, TOLD_TWICE))
    assert found == []
    assert world.outside.struck
    assert [case.outcome for case in world.cases()] == [Outcome.HEALED]


def test_to_take_whoever_is_still_at_work_for_dead_is_found_by_the_act_that_is_in_flight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And by nothing else: each act has its own intent, taken up in time."""
    monkeypatch.setattr(perform, "DEAD", AT_ONCE)
    found = lived(_story(SLOW_ACTS, TOLD_TWICE))[1]
    assert found
    assert all("while another is in flight" in line for line in found)


@pytest.mark.parametrize("on", ["ec2.observe", "switch.read"])
def test_no_act_rests_on_what_was_read_long_before(on: str) -> None:
    story = _story(Spell(AT_ONCE, MINUTE * 6, Trouble.SLOW, on, by="remediate", delay=SECOND * 12))
    world, found = lived(story)
    assert found == []
    (case,) = world.cases()
    assert Verdict.ABANDONED in _verdicts(case)
    assert case.outcome is Outcome.HEALED


def test_an_act_that_rests_on_what_was_read_long_before_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perform, "LOOK_HOLDS", MINUTE)
    found = lived(_story(Spell(AT_ONCE, MINUTE * 6, Trouble.SLOW, "switch.read", by="remediate", delay=SECOND * 12)))[1]
    assert any("looked at 0:00:12 before" in line for line in found)


@pytest.mark.parametrize("trouble", [Trouble.SLOW, Trouble.FROZEN])
def test_evidence_that_takes_longer_than_a_repair_waits_for_it_holds_up_no_act(trouble: Trouble) -> None:
    """Nor is it one that may not be in flight beside another: it is only read."""
    story = _story(Spell(AT_ONCE, HOUR, trouble, "ec2.perform", by="evidence", delay=SECOND * 20))
    repair = replace(story.policy.repair, evidence_timeout=SECOND * 5)
    world, found = lived(replace(story, policy=replace(story.policy, repair=repair)))
    assert found == []
    (case,) = world.cases()
    assert _verdicts(case)[0] is Verdict.LOST
    assert case.outcome is Outcome.HEALED


def test_what_changes_while_an_act_is_in_flight_is_nobodys_fault() -> None:
    slow = Spell(AT_ONCE, HOUR, Trouble.FROZEN, "ec2.perform", by="remediate", delay=SECOND * 15)
    world = World(_story(slow))
    while not world.outside.struck:
        world.time.run_until(world.time.now + SECOND)
    world.pull(Pull(AT_ONCE, "off"))
    world.time.run_until(world.time.now + MINUTE)
    world.time.abandon()
    assert broken(world) == set()
    assert _verdicts(world.cases()[0])[-1] is not None


def test_what_is_still_at_work_when_the_story_is_over_is_unwound() -> None:
    desk = Desk("remediate", Spell(AT_ONCE, SECOND, Trouble.FROZEN, "ec2.perform", delay=SECOND * 20))
    desk.lanes.send("remediate", "one")
    desk.time.run_until(NOON + SECOND * 5)
    desk.time.abandon()
    assert [what for what, _ in desk.noted] == ["one begins"]


def _verdicts(case: Case) -> list[Verdict | None]:
    return [attempt.result.verdict if attempt.result else None for attempt in case.attempts]


def _story(*spells: Spell) -> Story:
    return replace(scenario_story("april-30"), spells=spells)
