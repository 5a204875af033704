"""What people post is on the page beside what Defib derives, and neither touches the other's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.maintenance import DAYS, Maintenance
from defib.core.page.model import ComponentStatus, Impact, Origin
from defib.core.page.posted import BODY_MAX, ON_PAGE_MAX, Posted, added, posted, removed
from tests.core.page.shown import NOON, Story, minutes, trouble
from tests.core.page.shown import POLICY as WITHOUT_API

POLICY = replace(WITHOUT_API, page=replace(WITHOUT_API.page, api=True))
DOWN = Posted("web", ComponentStatus.MAJOR_OUTAGE, "A digger met our cable.")
UP = Posted("web", ComponentStatus.OPERATIONAL, "The cable is mended.")


class Board(Story):
    def post(self, after: float, post: Posted) -> None:
        self.keep(posted(self.shown, post, self.policy, NOON + minutes(after)))


@pytest.fixture
def board() -> Board:
    story = Board(POLICY)
    story.at(0)
    return story


def test_trouble_that_is_posted_shows_at_once_in_the_words_that_were_posted(board: Board) -> None:
    board.post(1, DOWN)

    assert board.statuses["web"] == "major_outage"
    assert (board.only.origin, board.only.impact) == (Origin.PERSON, Impact.CRITICAL)
    assert [update.body for update in board.only.updates] == ["A digger met our cable."]


def test_up_resolves_what_was_posted_and_the_component_with_it(board: Board) -> None:
    board.post(1, DOWN)
    board.post(9, UP)

    assert board.statuses["web"] == "operational"
    assert board.told == ["investigating", "resolved"]
    assert board.only.resolved_at == NOON + minutes(9)
    assert board.shown.open == ()


def test_what_was_posted_of_a_service_that_leaves_the_page_is_over_with_it_under_its_title(board: Board) -> None:
    board.post(1, DOWN)
    title = board.only.updates[-1].affected[0].name
    board.policy = replace(POLICY, services=tuple(s for s in POLICY.services if s.name != "web"))
    board.at(5)

    assert board.shown.open == ()
    assert board.told == ["investigating", "resolved"]
    assert board.only.updates[-1].body.startswith(f"The trouble with {title} that began at 12:01 UTC is no longer ")


def test_what_was_posted_is_over_once_nobody_could_end_it_by_the_api_and_nobody_reads_that_it_works(
    board: Board,
) -> None:
    board.post(1, DOWN)
    board.policy = WITHOUT_API
    board.at(5)

    assert (board.shown.open, board.statuses["web"]) == ((), "operational")
    assert board.told == ["investigating", "resolved"]
    assert "is no longer followed here" in board.only.updates[-1].body


def test_better_and_worse_are_updates_of_one_incident(board: Board) -> None:
    board.post(1, Posted("web", ComponentStatus.DEGRADED, "Slow."))
    board.post(2, DOWN)
    board.post(3, Posted("web", ComponentStatus.DEGRADED, "Better."))

    assert [update.affected[0].new.value for update in board.only.updates] == [
        "degraded_performance",
        "major_outage",
        "degraded_performance",
    ]
    assert board.only.impact is Impact.CRITICAL


def test_an_informational_message_changes_no_status(board: Board) -> None:
    board.post(1, DOWN)
    board.post(2, Posted("web", ComponentStatus.OPERATIONAL, "A crew is on its way.", informational=True))

    assert board.statuses["web"] == "major_outage"
    assert board.told == ["investigating", "investigating"]


def test_an_informational_message_about_nothing_is_over_at_once(board: Board) -> None:
    board.post(1, Posted("web", ComponentStatus.MAJOR_OUTAGE, "New offices.", informational=True))

    assert board.statuses["web"] == "operational"
    assert (board.told, board.only.impact) == (["resolved"], Impact.NONE)


def test_up_is_no_news_while_nobody_has_said_otherwise(board: Board) -> None:
    board.post(1, UP)

    assert board.incidents == {}


def test_a_person_does_not_talk_defibs_trouble_away(board: Board) -> None:
    board.at(5, trouble("web", instances=2))
    board.post(6, DOWN)
    board.post(7, UP)

    assert board.statuses["web"] == "major_outage"
    assert [i.origin for i in board.shown.open] == [Origin.DEFIB]


def test_defib_does_not_resolve_what_a_person_has_posted(board: Board) -> None:
    board.post(1, DOWN)
    board.at(60)

    assert board.statuses["web"] == "major_outage"
    assert board.told == ["investigating"]


def test_an_unknown_component_changes_nothing(board: Board) -> None:
    before = board.shown
    board.post(1, Posted("nobody", ComponentStatus.MAJOR_OUTAGE, "Hm."))

    assert board.shown == before


def test_a_message_too_long_for_the_page_is_shortened_and_says_so(board: Board) -> None:
    board.post(1, Posted("web", ComponentStatus.DEGRADED, "x" * ON_PAGE_MAX))
    board.post(2, Posted("web", ComponentStatus.DEGRADED, "x" * BODY_MAX))

    whole, shortened = board.only.updates
    assert whole.body == "x" * ON_PAGE_MAX
    assert shortened.body == "x" * ON_PAGE_MAX + " … (shortened)"


def test_a_component_that_is_added_stands_last_and_stays(board: Board) -> None:
    board.shown = added(board.shown, "42", "Forty-two", "Answers.", POLICY, NOON)
    board.at(1)
    board.shown = added(board.shown, "42", "Answers", "All.", POLICY, NOON)

    assert [c.key for c in board.shown.components] == ["api", "worker", "web", "42"]
    assert board.shown.components[-1].name == "Answers"


def test_a_component_that_is_removed_takes_its_open_incident_along(board: Board) -> None:
    board.shown = added(board.shown, "42", "Forty-two", "Answers.", POLICY, NOON)
    board.post(1, Posted("42", ComponentStatus.DEGRADED, "Thinks."))
    board.keep(removed(board.shown, "42", POLICY, NOON + minutes(2)))

    assert "42" not in board.statuses
    assert board.told == ["investigating", "resolved"]
    assert board.shown.open == ()


def test_a_component_that_nothing_is_wrong_with_is_removed_without_a_word(board: Board) -> None:
    board.shown = added(board.shown, "42", "Forty-two", "Answers.", POLICY, NOON)
    board.keep(removed(board.shown, "42", POLICY, NOON + minutes(2)))

    assert "42" not in board.statuses
    assert board.incidents == {}


def test_a_component_of_the_policy_is_not_removed(board: Board) -> None:
    assert removed(board.shown, "web", POLICY, NOON).shown == board.shown


def test_what_is_planned_for_a_service_that_the_page_does_not_show_is_nobodys_business_there(board: Board) -> None:
    """Somebody has added a component of its name."""
    always = Maintenance(at="00:00", lasts=timedelta(days=1), days=DAYS)
    policy = replace(POLICY, services=tuple(replace(s, maintenance=(always,)) for s in POLICY.services))
    board.shown = added(board.shown, "batch", "Batch", "Ours.", policy, NOON)
    board.policy = policy
    board.at(1)

    assert (board.statuses["batch"], board.statuses["web"]) == ("operational", "under_maintenance")
