"""Programs that post on the page: what they say is there beside what Defib finds, until they say that it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from defib.core.page.model import ComponentStatus, Origin, PublicIncident
from defib.core.parse import parse
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Posted, Story
from sim.fuzz.trouble import Spell, Trouble

MINUTE = timedelta(minutes=1)
DOWN = Posted(MINUTE, "worker", ComponentStatus.MAJOR_OUTAGE)
UP = Posted(12 * MINUTE, "worker", ComponentStatus.OPERATIONAL)


def test_what_is_posted_is_on_the_page_until_it_is_said_to_be_over() -> None:
    posted, found = _public(_with(DOWN, UP))
    assert (posted.origin, found.origin) == (Origin.PERSON, Origin.DEFIB)
    start = scenario_story("page-subscribers").scenario.start
    assert start + DOWN.at <= posted.created_at < start + DOWN.at + MINUTE
    assert posted.resolved_at is not None
    assert start + UP.at <= posted.resolved_at < start + UP.at + MINUTE


def test_what_nobody_says_to_be_over_stays() -> None:
    posted, _ = _public(_with(DOWN))
    assert posted.resolved_at is None


def test_that_all_is_well_is_no_news() -> None:
    (found,) = _public(_with(replace(UP, at=MINUTE)))
    assert found.origin is Origin.DEFIB


def test_what_the_table_does_not_take_is_not_said() -> None:
    spell = Spell(timedelta(0), 2 * MINUTE, Trouble.REFUSED, "table.write")
    (found,) = _public(replace(_with(DOWN), spells=(spell,)))
    assert found.origin is Origin.DEFIB


def test_stories_draw_programs_that_say_that_something_fails_and_that_it_is_over() -> None:
    posted = [post for seed in range(200) for post in draw(seed).posted]
    assert {post.status for post in posted} >= {ComponentStatus.MAJOR_OUTAGE, ComponentStatus.OPERATIONAL}


def _with(*posted: Posted) -> Story:
    """A worker dies, is healed, and its service is on the page."""
    story = scenario_story("page-subscribers")
    text = story.policy_text.replace("[page]", "[page]\napi = true", 1)
    return replace(story, policy_text=text, policy=parse(text), posted=posted)


def _public(story: Story) -> tuple[PublicIncident, ...]:
    """What the page says in the end, the oldest first."""
    world, broken = lived(story)
    assert broken == []
    return tuple(reversed(world.site.pages[-1].incidents))
