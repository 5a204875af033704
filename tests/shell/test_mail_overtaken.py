"""Letters about an outage that many newer incidents follow: subscribers read its every word, and its end once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import Phase
from defib.core.page.mail import Mailed
from defib.shell.mail import LETTERS_MOST, mail
from defib.shell.page import follow
from defib.shell.ports import Transient
from tests.core.page.shown import minutes
from tests.shell.mailing import Stage, dies, nothing


def test_of_an_open_incident_that_many_newer_ones_follow_every_word_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("defib.shell.mail.RECENT", 1)
    stage = Stage()
    stage.fail()
    stage.fail(service="api")
    stage.clock.advance(minutes(3))
    follow(stage.paging, stage.policy)
    stage.fail(Phase.VERIFYING)
    assert stage.at(5) == 3
    assert stage.told() == ["Identified", "Identified", "Monitoring"]
    assert all(letter.subject.split("] ")[1].startswith(("API", "Website")) for letter in stage.subscribers.letters)
    assert all("– " in letter.body and "– \n" not in letter.body for letter in stage.subscribers.letters)


def test_of_an_outage_that_ends_after_many_newer_ones_subscribers_read_the_end_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = _overtaken(monkeypatch)
    stage.off(9, Phase.CLOSED)

    assert [stage.at(minute) for minute in (10, 11)] == [1, 0]
    assert stage.told() == ["Identified", "Identified", "Resolved"]
    assert stage.subscribers.letters[-1].subject == "[Example CI] Website: degraded performance"
    stage.fail(Phase.VERIFYING, service="api")
    stage.at(12)
    assert stage.told()[3:] == ["Monitoring"], "what is told to its end does not come up again"
    assert (stage.store.now.unended, len(stage.store.now.told)) == ((2,), 1)


def test_so_they_do_when_it_was_public_before_anybody_could_subscribe(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = _overtaken(monkeypatch)
    stage.store.now = Mailed()
    stage.at(5)
    stage.off(9, Phase.CLOSED)

    assert stage.at(10) == 1
    assert stage.told()[2:] == ["Resolved"]


def test_so_they_do_after_weeks_without_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = _overtaken(monkeypatch)
    stage.off(60 * 24 * 7, Phase.CLOSED)

    stage.at(60 * 24 * 21)
    assert [letter.sequence for letter in stage.subscribers.letters if letter.number == 1] == [1, 2]


def test_so_they_do_when_whoever_told_of_its_beginning_died_before_that_was_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defib.shell.mail.RECENT", 1)
    stage = Stage()
    stage.fail()
    stage.store.interruptions = [nothing, dies]
    with pytest.raises(KeyboardInterrupt):
        stage.at(3)
    stage.off(4, Phase.REPAIRING, service="api")
    stage.off(7, Phase.CLOSED)

    stage.at(10)
    assert stage.told() == ["Identified", "Identified", "Identified", "Resolved"]


def test_so_they_do_when_the_topic_fails_just_then(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = _overtaken(monkeypatch)
    stage.off(9, Phase.CLOSED)
    stage.subscribers.error = Transient("throttled")
    with pytest.raises(Transient):
        stage.at(10)
    stage.subscribers.error = None

    assert stage.at(11) == 1
    assert stage.told()[2:] == ["Resolved"]


def test_so_they_do_of_what_was_told_before_the_unended_were_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = _overtaken(monkeypatch)
    stage.store.now = replace(stage.store.now, unended=())
    stage.fail(Phase.VERIFYING, service="api")
    stage.at(8)
    stage.off(9, Phase.CLOSED)

    assert stage.at(10) == 1
    assert stage.told()[3:] == ["Resolved"]


def test_while_many_letters_wait_what_was_told_to_its_end_is_let_go() -> None:
    stage = Stage()
    for number in range(LETTERS_MOST * 4):
        stage.fail(Phase.REPAIRING if number % 2 == 0 else Phase.CLOSED)
        stage.clock.advance(minutes(3))
        follow(stage.paging, stage.policy)

    for _ in range(3):
        stage.clock.advance(timedelta(seconds=1))
        assert mail(stage.edges, stage.policy) == LETTERS_MOST
    ended = {letter.number for letter in stage.subscribers.letters[: LETTERS_MOST * 2] if letter.sequence == 2}
    assert stage.store.now.page < stage.page.now.version, "there is news still"
    assert len(ended) == LETTERS_MOST
    assert ended.isdisjoint(stage.store.now.unended)


def test_an_outage_that_is_gone_from_the_table_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = _overtaken(monkeypatch)
    stage.off(9, Phase.CLOSED)
    del stage.page.kept[1]

    assert stage.at(10) == 0
    assert stage.store.now.unended == (2,)


def _overtaken(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """An outage of which subscribers have read, and a newer one that leaves it no room among the newest."""
    monkeypatch.setattr("defib.shell.mail.RECENT", 1)
    stage = Stage()
    stage.fail()
    stage.at(1)
    stage.at(3)
    stage.fail(service="api")
    stage.at(4)
    stage.at(7)
    assert stage.told() == ["Identified", "Identified"]
    return stage
