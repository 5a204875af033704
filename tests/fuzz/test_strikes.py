"""What is drawn into stories does happen in them: each kind of trouble strikes, and people are in Defib's way."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.approval import Choice
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.trouble import INDEX, OF_SCENARIOS, VERSIONED, Spell, Trouble
from sim.fuzz.world import World
from tests.fuzz.test_stories import BUDGET
from tests.fuzz.worlds import MINUTE

LEAST = dict.fromkeys((trouble for trouble in Trouble if trouble not in OF_SCENARIOS), 1) | {
    Trouble.QUEUE_DOUBLES: 5,
    Trouble.WORLD_MOVES: 15,
    Trouble.MESSAGE_LOST: 12,
    Trouble.MESSAGE_LATE: 6,
    Trouble.MESSAGE_DOUBLED: 3,
    Trouble.NO_SWEEP: 6,
    Trouble.REGION_DARK: 6,
    Trouble.RACE: 2,
    Trouble.DENIED: 4,
    Trouble.REFUSED: 3,
    Trouble.HANGS: 3,
    Trouble.ANSWER_LOST: 4,
    Trouble.DIES_BEFORE: 3,
    Trouble.DIES_AFTER: 4,
    Trouble.FROZEN: 2,
    Trouble.SLOW: 3,
    Trouble.PARTLY: 2,
}
"""In how many of the stories of every run each kind of trouble strikes, at least: about half of those in which it did
when this was written."""
LEAST_ON = {
    (Trouble.MESSAGE_LOST, "events"): 14,
    (Trouble.MESSAGE_DOUBLED, "events"): 12,
    (Trouble.MESSAGE_LATE, "events"): 10,
    (Trouble.MESSAGE_DOUBLED, "notices"): 16,
    (Trouble.MESSAGE_LATE, "notices"): 12,
    (Trouble.MESSAGE_LATE, "orders"): 1,
    (Trouble.MESSAGE_DOUBLED, "orders"): 1,
    (Trouble.MESSAGE_LATE, "signals"): 5,
    (Trouble.REFUSED, "channel.publish"): 3,
    (Trouble.HANGS, "channel.publish"): 4,
    (Trouble.ANSWER_LOST, "channel.publish"): 6,
    (Trouble.REFUSED, "channel.chat"): 3,
    (Trouble.HANGS, "channel.chat"): 2,
    (Trouble.ANSWER_LOST, "channel.chat"): 2,
    (Trouble.REFUSED, "site.lay_out"): 4,
    (Trouble.HANGS, "site.lay_out"): 4,
    (Trouble.ANSWER_LOST, "site.lay_out"): 2,
    (Trouble.REFUSED, "ec2.perform"): 4,
    (Trouble.HANGS, "ec2.perform"): 1,
    (Trouble.ANSWER_LOST, "ec2.perform"): 2,
    (Trouble.ANSWER_LOST, "elsewhere.tell"): 2,
    (Trouble.DIES_AFTER, "elsewhere.tell"): 1,
    (Trouble.DIES_AFTER, "channel.publish"): 3,
    (Trouble.DIES_AFTER, "ec2.perform"): 1,
    (Trouble.DIES_AFTER, "site.lay_out"): 2,
    (Trouble.DIES_AFTER, VERSIONED): 2,
    (Trouble.REFUSED, "bus.put"): 2,
    (Trouble.PARTLY, "queue.signals"): 3,
    (Trouble.PARTLY, "bus.put"): 1,
    (Trouble.STALE, INDEX): 1,
    (Trouble.CONFLICTS, VERSIONED): 12,
}
"""The same by what it strikes: a kind that strikes one call often may never strike another."""


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return [lived(draw(seed))[0] for seed in range(BUDGET)]


def test_each_kind_of_trouble_strikes_in_the_stories_of_every_run(worlds: list[World]) -> None:
    struck = Counter(kind for world in worlds for kind in {_kind(line) for line in world.outside.struck})
    assert {kind: (struck[kind], least) for kind, least in LEAST.items() if struck[kind] < least} == {}, (
        "struck in, at least"
    )


def test_what_matters_most_is_struck_in_the_stories_of_every_run(worlds: list[World]) -> None:
    struck = Counter(each for world in worlds for each in set(map(_struck, world.outside.struck)))
    assert {each: (struck[each], least) for each, least in LEAST_ON.items() if struck[each] < least} == {}, (
        "struck in, at least"
    )


def test_events_that_are_late_come_in_another_order_than_they_were_sent() -> None:
    late = Spell(timedelta(0), MINUTE, Trouble.MESSAGE_LATE, "events", times=5)
    world, came = World(replace(scenario_story("april-30"), spells=(late,))), list[str]()
    world.lanes.run("diagnose", lambda body: came.append(str(body)))
    for number in range(5):
        world.bus.state_changed(f"i-{number}", "stopped")
    world.time.run_until(world.time.now + 8 * MINUTE)
    told = [json.loads(body)["detail"]["instance-id"] for body in came if '"aws.ec2"' in body]
    assert sorted(told) == ["i-0", "i-1", "i-2", "i-3", "i-4"]
    assert told != sorted(told)


def test_people_refuse_repairs_and_start_what_defib_stops_in_the_stories_of_every_run(worlds: list[World]) -> None:
    at_work = [world for world in worlds if any(entry.starts for entry in world.story.meddling)]
    assert any(world.judge._acts._meddled for world in at_work)
    cases = [case for world in worlds for case in world.store.cases.values()]
    assert any(case.approval is not None and case.approval.choice is Choice.REJECT for case in cases)


def _struck(line: str) -> tuple[Trouble, str]:
    """What befell what."""
    return _kind(line), line.rpartition(", ")[2].removesuffix(" other")


def _kind(line: str) -> Trouble:
    return Trouble(line.partition(" on ")[0])


@pytest.mark.parametrize(
    ("spell", "kind"),
    [
        (Spell(timedelta(0), 60 * MINUTE, Trouble.MESSAGE_LOST, "events"), Trouble.MESSAGE_LOST),
        (Spell(timedelta(0), 60 * MINUTE, Trouble.MESSAGE_DOUBLED, "orders"), Trouble.MESSAGE_DOUBLED),
        (Spell(timedelta(0), 60 * MINUTE, Trouble.MESSAGE_LATE, "orders"), Trouble.MESSAGE_LATE),
        (Spell(timedelta(0), 60 * MINUTE, Trouble.QUEUE_DOUBLES, "orders", delay=MINUTE), Trouble.QUEUE_DOUBLES),
        (Spell(timedelta(0), 5 * MINUTE, Trouble.NO_SWEEP, "sweep"), Trouble.NO_SWEEP),
        (Spell(timedelta(0), 5 * MINUTE, Trouble.REGION_DARK, "region"), Trouble.REGION_DARK),
    ],
)
def test_what_befalls_messages_sweeps_and_the_region_is_counted_and_no_call_has_failed(
    spell: Spell, kind: Trouble
) -> None:
    world, broken = lived(replace(scenario_story("april-30"), spells=(spell,)))
    assert broken == []
    assert {_kind(line) for line in world.outside.struck} == {kind}
    assert world.outside.struck_at == []


def test_what_waits_for_something_to_befall_does_so_once_however_late_that_comes() -> None:
    waits = Spell(timedelta(0), 60 * MINUTE, Trouble.WORLD_MOVES, "queue.orders", times=1)
    world, broken = lived(replace(scenario_story("april-30"), spells=(waits,)))
    assert broken == []
    assert [_kind(line) for line in world.outside.struck] == [Trouble.WORLD_MOVES]


def test_a_spell_that_has_not_struck_yet_excuses_nothing() -> None:
    waits = Spell(timedelta(0), 60 * MINUTE, Trouble.MESSAGE_LOST, "events", times=1)
    world = World(replace(scenario_story("april-30"), spells=(waits,)))
    truth, start = world.judge.truth, world.story.scenario.start
    world.time.run_until(start + 30 * MINUTE)
    world.outside.struck_once.clear()
    assert truth.calm(start + 15 * MINUTE)
    world.outside.struck_once.append((start + 8 * MINUTE, "events"))
    assert not truth.calm(start + 15 * MINUTE)
    assert truth.calm(start + 15 * MINUTE, but="events")
    assert truth.calm(start + 25 * MINUTE)


def test_some_stories_have_what_waits_for_its_moment_and_it_waits_to_the_end() -> None:
    drawn = [(story, [s for s in story.spells if s.times]) for story in map(draw, range(60))]
    assert 30 <= sum(bool(spells) for _, spells in drawn) <= 52
    assert all(s.at + s.lasts == story.scenario.until for story, spells in drawn for s in spells)
