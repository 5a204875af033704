"""Programs that keep statuses and lists of their own by the Stashboard API, rename services, and only say something."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from defib.core.page.model import Component, ComponentStatus, Page
from defib.core.parse import parse
from defib.stashboard.model import Board, Status
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Edit, Edited, Story
from sim.fuzz.story_file import read, write
from sim.fuzz.tables import Site
from sim.fuzz.world import World

MINUTE = timedelta(minutes=1)
ADDED = Edited(MINUTE, Edit.ADD_SERVICE, "partners")
UNPLUGGED = Edited(2 * MINUTE, Edit.ADD_STATUS, "unplugged", "cross-circle")
SAID = Edited(3 * MINUTE, Edit.SAY, "partners", "unplugged")
RENAMED = Edited(4 * MINUTE, Edit.CHANGE_SERVICE, "partners", "Partners & Co.")
LISTED = (Edited(5 * MINUTE, Edit.ADD_LIST, "shop"), Edited(6 * MINUTE, Edit.PUT_IN_LIST, "worker", "shop"))
UNLISTED = Edited(8 * MINUTE, Edit.DELETE_LIST, "shop")
MILDER = Edited(2.5 * MINUTE, Edit.CHANGE_STATUS, "unplugged", "exclamation")
GONE = Edited(7 * MINUTE, Edit.DELETE_STATUS, "unplugged")


@pytest.mark.parametrize(
    ("edits", "stands"),
    [
        ((ADDED, UNPLUGGED, SAID), ComponentStatus.MAJOR_OUTAGE),
        ((ADDED, UNPLUGGED, MILDER, SAID), ComponentStatus.DEGRADED),
        ((ADDED, UNPLUGGED, SAID, GONE), ComponentStatus.MAJOR_OUTAGE),
        ((ADDED, Edited(2 * MINUTE, Edit.ONLY_SAY, "partners", "down")), ComponentStatus.OPERATIONAL),
    ],
    ids=["by its icon", "by its new icon", "as was said, though the status is gone", "as before: it was only said"],
)
def test_a_component_stands_as_the_status_means_that_was_said_of_it(
    edits: tuple[Edited, ...], stands: ComponentStatus
) -> None:
    assert _partners(_lived(*edits)).status is stands


def test_a_component_is_called_as_it_was_renamed() -> None:
    assert _partners(_lived(ADDED, RENAMED)).name == "Partners & Co."


def _nothing(board: Board, *_: object) -> Board:
    return board


@pytest.mark.parametrize(
    ("edits", "of", "name", "becomes", "says"),
    [
        (
            *((ADDED, UNPLUGGED, SAID), Status, "means", property(lambda _: ComponentStatus.DEGRADED)),
            "partners is shown as degraded_performance, of which people say major_outage",
        ),
        ((ADDED, UNPLUGGED), Board, "with_status", _nothing, "tells '' of status unplugged, which is 'cross-circle'"),
        (LISTED, Board, "with_service", _nothing, "tells '' of service worker, which is 'shop'"),
        ((*LISTED, UNLISTED), Board, "without_list", _nothing, "tells True of list shop, which is False"),
    ],
    ids=["what it means", "a status", "a list's service", "a list"],
)
def test_a_board_that_does_not_keep_what_it_took_is_found(
    edits: tuple[Edited, ...], of: type, name: str, becomes: object, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of, name, becomes)
    assert any(says in line for line in lived(_story(*edits))[1])


def test_a_page_that_calls_a_service_as_before_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out = Site.lay_out

    def as_before(site: Site, page: Page, until: datetime) -> bool:
        old = tuple(replace(c, name="partners") if c.key == "partners" else c for c in page.components)
        return lay_out(site, replace(page, components=old), until)

    monkeypatch.setattr(Site, "lay_out", as_before)
    broken = lived(_story(ADDED, RENAMED))[1]
    assert any("partners is shown as 'partners', but is called 'Partners & Co.'" in line for line in broken)


def test_stories_draw_every_kind_of_that_and_what_is_refused() -> None:
    drawn = [(story, edited) for story in map(draw, range(300)) for edited in story.edited]

    assert {edited.edit for _, edited in drawn} == {*Edit}
    assert any(edited.edit is Edit.CHANGE_SERVICE and story.policy.service(edited.on) for story, edited in drawn)


def test_a_file_holds_what_they_do() -> None:
    story = _story(ADDED, UNPLUGGED, SAID, Edited(9 * MINUTE, Edit.PUT_IN_LIST, "worker"))

    assert read(write(story)).story.edited == story.edited


def _story(*edited: Edited) -> Story:
    """A worker dies, is healed, and its service is on the page."""
    story = scenario_story("page-subscribers")
    text = story.policy_text.replace("[page]", "[page]\napi = true", 1)
    return replace(story, policy_text=text, policy=parse(text), edited=edited)


def _lived(*edited: Edited) -> World:
    world, broken = lived(_story(*edited))
    assert broken == []
    return world


def _partners(world: World) -> Component:
    (found,) = (c for c in world.site.pages[-1].components if c.key == "partners")
    return found
