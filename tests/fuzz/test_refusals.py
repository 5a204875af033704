"""What AWS refuses for a while: what a role may not do, part of a batch, a second write; and reads that lag."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Outcome
from defib.core.incident import NoticeKind
from defib.core.model import Signal, Source, Verdict
from defib.shell.ports import Transient
from defib.shell.store import Conflict, Surveyed
from sim.fuzz import onward, tables
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.on_moto import lived_on_moto, machinery_of
from sim.fuzz.run import lived
from sim.fuzz.story import Story
from sim.fuzz.story_file import read, write
from sim.fuzz.trouble import INDEX, REFUSALS, VERSIONED, Nth, Spell, Trouble
from sim.fuzz.world import World
from sim.machinery import MachineryKind
from tests.fuzz.worlds import MINUTE, broken, later

AT_ONCE = timedelta(0)
HOUR = timedelta(hours=1)
DENIED_FOR_LONG = ("ec2.observe", "ec2.suspects", "table.read", "table.write", "queue.orders", "queue.signals")


def test_one_story_of_four_has_some_and_each_is_over_within_half_an_hour() -> None:
    stories = [draw(seed) for seed in range(60)]
    drawn = [[s for s in story.spells if s.trouble in REFUSALS and not s.times] for story in stories]
    assert 8 <= sum(map(bool, drawn)) <= 24
    assert {spell.trouble for spells in drawn for spell in spells} == REFUSALS
    assert all(spell.lasts <= timedelta(minutes=30) for spells in drawn for spell in spells)


def test_they_are_kept_in_a_file() -> None:
    story = _story(
        Spell(MINUTE, MINUTE, Trouble.STALE, INDEX, delay=MINUTE), Spell(MINUTE, MINUTE, Trouble.DENIED, "bus.put")
    )
    assert read(write(story)).story.spells == story.spells


def test_an_act_that_the_role_may_not_do_is_handed_over_and_people_hear_why() -> None:
    world, found = lived(_story(Spell(AT_ONCE, HOUR, Trouble.DENIED, "ec2.perform", by="remediate")))
    assert found == []
    (case,) = world.cases()
    assert case.handed_over_at is not None
    assert [a.result.verdict for a in case.attempts if a.result][-1] is Verdict.REFUSED
    (told,) = [n for n in world.store.notices.values() if n.kind is NoticeKind.ESCALATED]
    assert "AccessDenied" in told.body


@pytest.mark.parametrize("on", DENIED_FOR_LONG)
def test_what_a_role_may_not_read_write_or_send_is_made_good_when_somebody_has_mended_it(on: str) -> None:
    world, found = lived(_story(Spell(MINUTE * 3, MINUTE * 20, Trouble.DENIED, on)))
    assert any(line.startswith("denied") for line in world.outside.struck)
    assert found == []
    assert [case.outcome for case in world.cases()] == [Outcome.HEALED]


def test_what_nobody_looks_at_when_it_is_mended_is_found() -> None:
    world = World(_story(Spell(MINUTE, MINUTE * 5, Trouble.DENIED, "ec2.observe")))
    # Whoever decides reads no instance any more.
    world.lanes.run("diagnose", lambda _: None)
    world.run()
    assert "found" in broken(world)


def test_of_a_batch_a_part_is_sent_and_the_call_says_that_it_was_not_all() -> None:
    world = World(_story(Spell(AT_ONCE, HOUR, Trouble.PARTLY, "queue.signals")))
    signals = [Signal(Source.SWEEP, f"i-{n}", world.time.now, "it fails") for n in range(8)]
    with pytest.raises(Transient, match="of 8 signals not sent"):
        onward.Queues(world.lanes, world.outside, has_page=False).signal(signals)
    assert 0 < world.lanes.most_waiting < 8


def test_a_read_by_the_index_shows_what_was_and_a_consistent_one_what_is() -> None:
    lags = Spell(AT_ONCE, HOUR, Trouble.STALE, INDEX, delay=MINUTE)
    world = World(_story(lags))
    stale = tables.Table(world.store, world.outside, world.time, (lags,))
    while not world.cases():
        later(world, timedelta(seconds=1))
    (case,), ahead = world.cases(), world.time.now + HOUR
    assert stale.due_instances(ahead, 10) == []
    assert stale.latest_case(case.instance_id) == case
    later(world, MINUTE * 2)
    assert stale.due_instances(world.time.now + HOUR, 10) == [case.instance_id]


def test_a_write_that_comes_second_is_decided_afresh_while_other_writes_go_through() -> None:
    world = World(_story(Spell(AT_ONCE, HOUR, Trouble.CONFLICTS, VERSIONED)))
    table = tables.Table(world.store, world.outside, world.time, ())
    with pytest.raises(Conflict):
        table.remember_stack(Surveyed(table.stack()))
    tables.Mail(world.store.mail, world.outside).mark_told("web-1", 1, "oncall channel.publish")


@pytest.mark.parametrize(
    ("trouble", "on", "becomes"),
    [
        (Trouble.DENIED, "ec2.observe", MachineryKind.CALL_REFUSED),
        (Trouble.PARTLY, "queue.signals", MachineryKind.BATCH_PARTLY_REFUSED),
        (Trouble.STALE, INDEX, MachineryKind.STALE_READS),
        (Trouble.CONFLICTS, VERSIONED, MachineryKind.WRITE_CONFLICTS),
    ],
)
def test_the_deployed_functions_live_through_each_of_them(trouble: Trouble, on: str, becomes: MachineryKind) -> None:
    spell = Spell(MINUTE * 2, MINUTE * 3, trouble, on, delay=timedelta(seconds=5))
    assert lived_on_moto(_story(spell))[1] == []
    assert [fault.kind for fault in machinery_of(spell)] == [becomes]


def test_a_call_of_the_deployed_functions_may_be_denied_once() -> None:
    assert lived_on_moto(scenario_story("april-30"), Nth(60, Trouble.DENIED))[1] == []


def _story(*spells: Spell) -> Story:
    return replace(scenario_story("reboot-cures"), spells=spells)
