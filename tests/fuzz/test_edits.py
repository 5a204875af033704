"""Programs that change the page by the Stashboard API: what they add is there, and what Defib has said stays said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from defib.core.page.model import ComponentStatus, Origin, Shown
from defib.core.parse import parse
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Edit, Edited, Posted, Story
from sim.fuzz.trouble import Spell, Trouble
from sim.fuzz.world import World

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
ADDED = Edited(MINUTE, Edit.ADD_SERVICE, "partners")
DOWN = Posted(2 * MINUTE, "partners", ComponentStatus.MAJOR_OUTAGE)
DELETED = Edited(8 * MINUTE, Edit.DELETE_SERVICE, "partners")


def test_a_service_that_is_added_is_on_the_page_and_stands_as_is_said() -> None:
    world = _lived(_story(ADDED, DOWN))
    (partners,) = (c for c in world.site.pages[-1].components if c.added)
    assert (partners.key, partners.status) == ("partners", ComponentStatus.MAJOR_OUTAGE)


def test_with_a_service_that_is_deleted_its_outage_is_over() -> None:
    world = _lived(_story(ADDED, DOWN, DELETED))
    page = world.site.pages[-1]
    assert [component.key for component in page.components if component.added] == []
    (posted,) = (incident for incident in page.incidents if incident.origin is Origin.PERSON)
    assert posted.resolved_at == world.story.scenario.start + DELETED.at


def test_whoever_deletes_all_events_of_a_service_takes_nothing_from_the_page() -> None:
    cleaned = Edited(40 * MINUTE, Edit.DELETE_EVENTS, "worker")
    told, kept = (_lived(_story(*edits)).site.pages[-1].incidents for edits in ((), (cleaned,)))
    assert [incident.updates for incident in kept] == [incident.updates for incident in told] != []


@pytest.mark.parametrize("edit", [Edit.ADD_SERVICE, Edit.DELETE_SERVICE])
def test_what_the_policy_names_is_neither_added_nor_deleted(edit: Edit) -> None:
    world = _lived(_story(Edited(MINUTE, edit, "worker")))
    assert [component.added for component in world.site.pages[-1].components if component.key == "worker"] == [False]


def test_what_the_table_does_not_take_is_not_added() -> None:
    spell = Spell(timedelta(0), 2 * MINUTE, Trouble.REFUSED, "table.write")
    world = _lived(replace(_story(ADDED), spells=(spell,)))
    assert not any(component.added for component in world.site.pages[-1].components)


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ((ADDED,), "partners was added, and the page knows nothing of it"),
        ((ADDED, DELETED), "partners was deleted, and the page knows nothing of it"),
        ((ADDED, DOWN), "partners is shown as operational, of which people say major_outage"),
    ],
)
def test_a_page_that_does_not_do_what_the_api_has_answered_is_found(
    edits: tuple[Edited | Posted, ...], says: str
) -> None:
    """It is as it was before the last of what was done."""
    world = World(_story(*edits))
    memory, done = world.page_store, edits[-1].at

    def remember() -> None:
        before = memory.now
        world.time.after(2 * SECOND, lambda: forget(before))

    def forget(before: Shown) -> None:
        memory.now = replace(memory.now, version=memory.now.version + 1, components=before.components, open=before.open)

    world.time.after(done - SECOND, remember)
    assert any(says in line for line in world.run())


def test_a_page_that_no_longer_says_what_it_has_said_is_found() -> None:
    world = World(_story(ADDED, DOWN, DELETED))
    world.time.after(DELETED.at + MINUTE, partial(world.page_store.kept.__delitem__, 1))
    assert any("the page no longer says what it has said" in line for line in world.run())


def test_stories_draw_every_kind_of_change_and_what_is_refused() -> None:
    drawn = [(story, edited) for story in map(draw, range(300)) for edited in story.edited]
    assert {edited.edit for _, edited in drawn} == {*Edit}
    ours = [edited for story, edited in drawn if "service" in edited.edit and story.policy.service(edited.on)]
    assert ours
    assert all(story.policy.page.api for story, _ in drawn)


def _story(*does: Edited | Posted) -> Story:
    """A worker dies, is healed, and its service is on the page."""
    story = scenario_story("page-subscribers")
    text = story.policy_text.replace("[page]", "[page]\napi = true", 1)
    posted = tuple(one for one in does if isinstance(one, Posted))
    edited = tuple(one for one in does if isinstance(one, Edited))
    return replace(story, policy_text=text, policy=parse(text), posted=posted, edited=edited)


def _lived(story: Story) -> World:
    world, broken = lived(story)
    assert broken == []
    return world
