"""However much is said of an incident, what is kept of it fits, says what it leaves out, and knows how all stood."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.page.derive import SUBJECTS_MOST
from defib.core.page.history import uptime
from defib.core.page.mail import begun, letters
from defib.core.page.model import Affected, ComponentStatus, IncidentStatus, Update
from defib.core.page.posted import ON_PAGE_MAX, Posted, posted
from defib.core.page.replanned import Plans
from defib.core.page.settings import Language, Outage, ServiceOnPage
from defib.core.page.timeline import FIRST, SIZE_MOST, STOOD_MOST, UPDATES_MOST, joined
from defib.core.page.words import words
from defib.core.policy import Policy, Service
from tests.core.page.shown import API, NOON, POLICY, WORKER, Story, minutes, trouble

SAID = words(Language.ENGLISH)
LOUD = Posted("web", ComponentStatus.MAJOR_OUTAGE, "Still dark.")


def flapping(times: int) -> Story:
    """So many updates of the one incident of the group, a minute apart: one of its services fails and recovers."""
    story = Story(replace(POLICY, services=(replace(API, page=replace(API.page, impact=Outage.MAJOR_OUTAGE)), WORKER)))
    for minute in range(times):
        failing = [trouble("api"), trouble("worker")] if minute % 2 == 0 else [trouble("worker")]
        story.at(5 + minute, *failing)
    return story


def posting(times: int, message: str = LOUD.message) -> Story:
    story = Story()
    for minute in range(times):
        story.keep(posted(story.shown, replace(LOUD, message=message), POLICY, NOON + minutes(minute)))
    return story


def of_ungrouped(count: int) -> Policy:
    services = (Service(f"s{n}", {"n": (str(n),)}, page=ServiceOnPage(f"Service {n}")) for n in range(count))
    return replace(POLICY, services=tuple(services))


def test_nothing_is_left_out_while_there_is_room() -> None:
    incident = posting(UPDATES_MOST).only
    assert [u.sequence for u in incident.updates] == list(range(1, UPDATES_MOST + 1))
    assert {u.body for u in incident.updates} == {LOUD.message}


def test_two_updates_that_are_both_long_are_kept_since_nothing_may_take_their_place() -> None:
    incident = posting(2).only
    long = tuple(replace(update, body="x" * 60_000) for update in incident.updates)
    one, two = replace(incident, updates=long[:1]), replace(incident, updates=long[1:])

    assert joined(one, two, SAID).updates == long


def test_of_too_many_updates_the_first_and_the_newest_are_kept_and_one_says_how_many_are_not() -> None:
    first, gap, *newest = posting(1_440).only.updates
    assert (first.sequence, first.body) == (1, LOUD.message)
    assert gap.body == "Earlier updates left out here: 1341."
    assert (gap.sequence, gap.at) == (1_342, NOON + minutes(1_341))
    assert [u.sequence for u in newest] == list(range(1_343, 1_441))
    assert FIRST + 1 + len(newest) == UPDATES_MOST
    assert {u.body for u in newest} == {LOUD.message}


def test_long_updates_are_kept_in_smaller_number() -> None:
    updates = posting(60, "x" * (ON_PAGE_MAX + 1)).only.updates
    assert len(updates) < UPDATES_MOST
    assert SIZE_MOST - 3 * ON_PAGE_MAX < sum(len(u.body) for u in updates) < SIZE_MOST
    assert updates[-1].sequence == 60


def test_the_newest_is_kept_however_long_it_is() -> None:
    names = [Affected(f"k{n}", "n" * 80, ComponentStatus.OPERATIONAL, ComponentStatus.DEGRADED) for n in range(900)]
    story = posting(2)
    huge = Update(3, NOON + minutes(3), IncidentStatus.INVESTIGATING, "All.", tuple(names))
    updates = joined(story.only, replace(story.only, updates=(huge,)), SAID).updates
    assert [u.sequence for u in updates] == [1, 2, 3]
    assert updates[-1] == huge


def test_what_was_left_out_still_counts_in_a_components_past() -> None:
    """API is down every other minute, of which most updates say nothing any more."""
    story = flapping(250)
    api = replace(next(c for c in story.shown.components if c.key == "api"), created_at=NOON)
    assert len(story.only.updates) == UPDATES_MOST
    assert uptime(api, [story.only], NOON + minutes(255)) == pytest.approx(1 - (6 + 124) / 255)


def test_of_changes_too_the_newest_are_kept_once_they_are_too_many() -> None:
    stood = flapping(600).only.stood
    assert len(stood) == STOOD_MOST
    assert stood[-1].at > NOON + minutes(400)


def test_the_state_of_the_page_holds_no_words_of_what_is_public() -> None:
    story = posting(5)
    (open_now,) = story.shown.open
    assert (open_now.name, [u.body for u in open_now.updates]) == ("", [""])
    assert (open_now.sequence, open_now.components) == (5, {"web": ComponentStatus.MAJOR_OUTAGE})


def test_a_page_of_before_that_held_every_word_goes_on_with_the_next_number() -> None:
    story = posting(3)
    story.shown = replace(story.shown, open=(story.only,))
    story.keep(posted(story.shown, LOUD, POLICY, NOON + minutes(9)))
    assert [u.sequence for u in story.only.updates] == [1, 2, 3, 4]
    assert [u.sequence for u in story.shown.open[0].updates] == [4]


def test_whoever_begins_to_mail_takes_all_that_was_said_for_told_though_it_is_not_kept() -> None:
    incident = posting(300).only
    known = begun([incident], Plans(NOON))
    assert known.told == {incident.id: 300}
    assert letters(known, [incident], Plans(NOON), POLICY.page, "") == ()


def test_one_look_changes_as_many_incidents_as_one_write_takes_and_the_next_looks_the_rest() -> None:
    story = Story(of_ungrouped(150))
    troubled = [trouble(service.name) for service in story.policy.services]
    looks = [story.at(5, *troubled)]
    while looks[-1].more:
        looks.append(story.at(5, *troubled))
    sizes = [len(look.changed) for look in looks]
    assert max(sizes) == SUBJECTS_MOST
    assert sum(sizes) == len(story.incidents) == 150
    assert set(story.statuses.values()) == {"degraded_performance"}


def test_services_that_leave_the_policy_are_counted_into_a_look_too() -> None:
    story = Story(of_ungrouped(SUBJECTS_MOST + 5))
    troubled = [trouble(service.name) for service in story.policy.services]
    while story.at(5, *troubled).more:
        pass
    story.policy = POLICY
    first, second = story.at(6), story.at(6)
    assert [(len(d.changed), d.more) for d in (first, second)] == [(SUBJECTS_MOST, True), (5, False)]
    assert story.shown.open == ()
