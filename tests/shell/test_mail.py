"""Subscribers follow the page: each update once and in order, whoever else is at it and whatever fails on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import Phase
from defib.core.page.mail import A_SECOND, CLAIMED_FOR
from defib.core.page.settings import PageSettings, Publishing
from defib.shell.mail import LETTERS_MOST, mail
from defib.shell.page import follow, publish_draft
from defib.shell.ports import Transient
from tests.core.page.shown import POLICY, minutes
from tests.fakes.mail import FakeMailStore
from tests.shell.mailing import Stage, dies, nothing, rival


def test_an_outage_is_told_of_from_its_opening_to_its_end() -> None:
    stage = Stage()
    stage.fail()
    assert [stage.at(minute) for minute in (1, 3, 4)] == [0, 1, 0]
    stage.fail(Phase.VERIFYING)
    assert stage.at(5) == 1
    stage.fail(Phase.CLOSED)
    assert [stage.at(6), stage.at(7)] == [1, 0]
    assert stage.told() == ["Identified", "Monitoring", "Resolved"]
    assert stage.store.now.page == stage.page.now.version, "there is no news until the page changes"


def test_a_quiet_turn_writes_nothing() -> None:
    stage = Stage()
    before = stage.store.now
    stage.at(1)

    assert stage.store.now is before


def test_a_blip_that_never_was_public_is_not_told_of() -> None:
    stage = Stage()
    stage.fail()
    stage.at(1)
    stage.fail(Phase.CLOSED)
    stage.at(2)
    assert stage.told() == []


def test_a_draft_is_told_of_when_a_person_has_published_it() -> None:
    stage = Stage(replace(POLICY, page=PageSettings(enabled=True, publishing=Publishing.DRAFT)))
    stage.fail()
    stage.at(3)
    assert stage.told() == []
    publish_draft(1, stage.paging, stage.policy)
    stage.at(4)
    assert stage.told() == ["Identified"]


def test_what_was_public_before_the_first_turn_is_no_news() -> None:
    stage = Stage()
    stage.store = FakeMailStore()
    stage.edges = replace(stage.edges, store=stage.store)
    stage.fail()
    stage.at(3)
    stage.fail(Phase.CLOSED)
    stage.at(4)
    assert stage.told() == ["Resolved"]


def test_a_topic_that_fails_is_tried_again_and_nothing_is_lost_or_doubled() -> None:
    stage = Stage()
    stage.fail()
    stage.subscribers.error = Transient("throttled")
    with pytest.raises(Transient):
        stage.at(3)
    stage.subscribers.error = None
    stage.fail(Phase.CLOSED)
    assert stage.at(4) == 2
    assert stage.told() == ["Identified", "Resolved"]


def test_two_at_once_send_a_letter_once() -> None:
    stage = Stage()
    stage.fail()
    stage.store.interruptions = [lambda: rival(stage)]
    stage.at(3)
    assert stage.told() == ["Identified"]
    assert stage.at(4) == 0


def test_while_someone_has_claimed_a_letter_no_later_one_overtakes_it() -> None:
    stage = Stage()
    stage.fail()
    stage.store.interruptions = [nothing, dies]
    with pytest.raises(KeyboardInterrupt):
        stage.at(3)
    stage.fail(Phase.CLOSED)
    assert stage.at(4) == 0


def test_whoever_dies_between_sending_and_remembering_makes_people_read_it_twice_and_miss_nothing() -> None:
    stage = Stage()
    stage.fail()
    stage.store.interruptions = [nothing, dies]
    with pytest.raises(KeyboardInterrupt):
        stage.at(3)
    stage.fail(Phase.CLOSED)
    stage.at(3 + CLAIMED_FOR.total_seconds() / 60)
    assert stage.told() == ["Identified", "Identified", "Resolved"]


def test_after_weeks_without_a_turn_the_past_is_no_news_and_what_was_begun_is_told_the_end_of() -> None:
    stage = Stage()
    stage.fail()
    stage.at(3)
    stage.off(60 * 24 * 7, Phase.CLOSED)
    stage.off(60 * 24 * 8, Phase.REPAIRING, service="api")
    stage.off(60 * 24 * 9, Phase.CLOSED, service="api")

    stage.at(60 * 24 * 21)
    assert [letter.subject for letter in stage.subscribers.letters] == [
        "[Example CI] Website: degraded performance"
    ] * 2
    assert stage.told() == ["Identified", "Resolved"]
    stage.fail(service="api")
    stage.at(60 * 24 * 21 + 5)
    assert stage.told() == ["Identified", "Resolved", "Identified"]


def test_what_a_failure_of_less_than_a_day_has_held_up_is_told_late() -> None:
    stage = Stage()
    stage.off(60, Phase.REPAIRING)
    stage.off(70, Phase.CLOSED)

    stage.at(60 * 23)
    assert stage.told() == ["Identified", "Resolved"]


def test_a_quiet_turn_leaves_word_a_few_times_a_day_so_that_a_quiet_week_is_no_pause() -> None:
    stage = Stage()
    before = stage.store.now.version
    for hour in range(1, 24 * 7):
        stage.at(60 * hour)
    assert stage.store.now.version - before == 27
    stage.off(60 * 24 * 7, Phase.REPAIRING)
    stage.off(60 * 24 * 7 + 10, Phase.CLOSED)

    stage.at(60 * 24 * 7 + 20)
    assert stage.told() == ["Identified", "Resolved"]


def test_a_topic_that_fails_for_days_is_no_pause_either() -> None:
    stage = Stage()
    stage.off(60, Phase.REPAIRING)
    stage.off(70, Phase.CLOSED)
    stage.subscribers.error = Transient("throttled")
    for hour in range(2, 24 * 3):
        with pytest.raises(Transient):
            stage.at(60 * hour)

    stage.subscribers.error = None
    stage.at(60 * 24 * 3)
    assert stage.told() == ["Identified", "Resolved"]


def test_what_was_remembered_before_anybody_left_word_is_no_pause() -> None:
    stage = Stage()
    stage.store.now = replace(stage.store.now, looked_at=None)
    stage.off(60, Phase.REPAIRING)
    stage.off(70, Phase.CLOSED)

    stage.at(60 * 24 * 3)
    assert stage.told() == ["Identified", "Resolved"]


def test_a_turn_sends_no_more_than_sns_bears_and_the_next_goes_on() -> None:
    stage = Stage()
    for number in range(LETTERS_MOST + 2):
        stage.fail(Phase.REPAIRING if number % 2 == 0 else Phase.CLOSED)
        stage.clock.advance(minutes(3))
        follow(stage.paging, stage.policy)
    waiting = sum(len(incident.updates) for incident in stage.page.kept.values())
    assert waiting > LETTERS_MOST

    assert mail(stage.edges, stage.policy) == LETTERS_MOST
    assert stage.store.now.page < stage.page.now.version, "there is news still"
    assert [mail(stage.edges, stage.policy) for _ in range(2)] == [waiting - LETTERS_MOST, 0]
    assert [letter.at for letter in stage.subscribers.letters] == sorted(
        letter.at for letter in stage.subscribers.letters
    )


def test_turns_that_follow_each_other_at_once_send_no_more_in_a_second_than_sns_bears() -> None:
    stage = Stage()
    for number in range(20):
        stage.fail(Phase.REPAIRING if number % 2 == 0 else Phase.CLOSED)
        stage.clock.advance(minutes(3))
        follow(stage.paging, stage.policy)
    waiting = sum(len(incident.updates) for incident in stage.page.kept.values())
    assert waiting > A_SECOND * 2

    in_a_second = [mail(stage.edges, stage.policy) for _ in range(10)]
    stage.clock.advance(timedelta(seconds=1))
    in_the_next = [mail(stage.edges, stage.policy) for _ in range(10)]

    assert (sum(in_a_second), sum(in_the_next)) == (A_SECOND, A_SECOND)
    stage.clock.advance(timedelta(seconds=10))
    while mail(stage.edges, stage.policy):
        stage.clock.advance(timedelta(seconds=1))
    assert len(stage.subscribers.letters) == waiting
