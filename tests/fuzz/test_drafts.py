"""Pages that wait for a person: nothing is public that nobody has published, and what somebody has published is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.world import World

READ_AT = timedelta(minutes=6)
"""In page-draft staff have read of the draft by then, and the worker is not healed yet."""


def test_what_nobody_publishes_nobody_outside_reads() -> None:
    world, broken = lived(scenario_story("page-draft"))
    assert broken == []
    assert world.people.inbox.commands, "the mail says how to publish it"
    assert world.site.pages[-1].incidents == ()


def test_the_command_in_the_mail_publishes_the_draft() -> None:
    world, broken = lived(replace(scenario_story("page-draft"), published=(READ_AT,)))
    assert broken == []
    (incident,) = world.site.pages[-1].incidents
    assert incident.created_at >= world.story.scenario.start + READ_AT


def test_where_there_is_no_draft_nothing_is_published() -> None:
    world = World(replace(scenario_story("page-draft"), published=(timedelta(minutes=1),)))
    assert world.run() == []
    assert world.site.pages[-1].incidents == ()


@pytest.mark.parametrize(("asked_for", "says"), [(False, "is public, which nobody"), (True, "is not on the page")])
def test_a_page_that_says_what_people_do_not_want_is_found(asked_for: bool, says: str) -> None:
    """What was to be published never comes; or nobody has asked for what is public."""
    world = World(scenario_story("page-draft"))
    if asked_for:
        world.time.after(READ_AT, lambda: world.judge.published(1))
    else:
        world.time.after(READ_AT, lambda: world.people.publish(lambda _: None))
    assert any(says in line for line in world.run())


def test_stories_draw_pages_that_wait_and_people_who_publish_in_vain_or_not() -> None:
    drawn = [story for story in map(draw, range(300)) if story.published]
    worlds = [lived(story)[0] for story in drawn[:12]]
    public = {bool(world.site.pages and world.site.pages[-1].incidents) for world in worlds}
    assert public == {True, False}
