"""Subscribers follow the page: each update once and in order, whoever else is at it and whatever fails on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import Incident, Member, Phase
from defib.core.maintenance import Maintenance
from defib.core.model import Cause
from defib.core.page.mail import A_SECOND, CLAIMED_FOR, Mailed
from defib.core.page.planned import planned
from defib.core.page.settings import PageSettings, Publishing
from defib.core.policy import Policy
from defib.shell.mail import LETTERS_MOST, Mailing, mail
from defib.shell.page import Paging, follow, publish_draft
from defib.shell.ports import CallFailed, Transient
from sim.memory.page import FakePageStore, FakeSite
from tests.core.page.shown import NOON, POLICY, minutes
from tests.fakes import FakeClock, FakeQueues
from tests.fakes.mail import FakeMailStore, FakeSubscribers


class Stage:
    """A page that is followed, with subscribers who have been there from the beginning."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy = policy
        self.clock = FakeClock(NOON)
        self.page = FakePageStore()
        self.store = FakeMailStore()
        self.subscribers = FakeSubscribers()
        self.paging = Paging(self.clock, self.page, (FakeSite(),), FakeQueues(), _ignored)
        self.edges = Mailing(self.clock, self.page, self.store, self.subscribers, "https://status.example.com")
        self.at(0)

    def fail(self, phase: Phase = Phase.REPAIRING, service: str = "web") -> None:
        member = Member("i-1-1", "i-1", "web-1", "us-east-1a", Cause.INSTANCE_IMPAIRED, NOON, phase)
        over = self.clock.now() if phase is Phase.CLOSED else None
        self.page.incidents[service] = Incident(service, 1, NOON, members=(member,), resolved_at=over)

    def at(self, after: float) -> int:
        self.clock.advance(NOON + minutes(after) - self.clock.now())
        follow(self.paging, self.policy)
        return mail(self.edges, self.policy)

    def off(self, after: float, phase: Phase, service: str = "web") -> None:
        """A change and a turn of the page, for which nobody is written to."""
        self.clock.advance(NOON + minutes(after) - self.clock.now())
        self.fail(phase, service)
        follow(self.paging, self.policy)

    def told(self) -> list[str]:
        return [letter.body.partition(" ")[0] for letter in self.subscribers.letters]


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
    stage.store.interruptions = [lambda: _rival(stage)]
    stage.at(3)
    assert stage.told() == ["Identified"]
    assert stage.at(4) == 0


def test_while_someone_has_claimed_a_letter_no_later_one_overtakes_it() -> None:
    stage = Stage()
    stage.fail()
    stage.store.interruptions = [_nothing, _dies]
    with pytest.raises(KeyboardInterrupt):
        stage.at(3)
    stage.fail(Phase.CLOSED)
    assert stage.at(4) == 0


def test_whoever_dies_between_sending_and_remembering_makes_people_read_it_twice_and_miss_nothing() -> None:
    stage = Stage()
    stage.fail()
    stage.store.interruptions = [_nothing, _dies]
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
    stage.store.interruptions = [_nothing, _dies]
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


def _ignored(error: CallFailed) -> None:
    """There is no copy to fail."""


def _nothing() -> None:
    """The write goes through."""


def _dies() -> None:
    raise KeyboardInterrupt


def _rival(stage: Stage) -> None:
    mail(stage.edges, stage.policy)


def test_who_announces_planned_outages_later_announces_none_a_second_time() -> None:
    outage = Maintenance("13:00", timedelta(hours=1), date="2026-05-05")
    stage = Stage(POLICY)
    stage.policy = replace(POLICY, maintenance=(outage,))
    assert stage.at(1) == 1
    stage.policy = replace(stage.policy, page=replace(POLICY.page, announce_maintenance=timedelta(days=1)))
    stage.fail()
    stage.at(5)
    stage.fail(Phase.CLOSED)
    stage.at(10)
    told = len(stage.subscribers.letters)
    assert stage.at(4.5 * 24 * 60) == 0
    assert len(stage.subscribers.letters) == told


SATURDAY = Maintenance("13:00", timedelta(hours=1), date="2026-05-02")


def _announced(planned: Maintenance = SATURDAY) -> Stage:
    """Subscribers have read of one planned outage of everything."""
    stage = Stage(POLICY)
    _deployed(stage, planned)
    assert stage.at(1) == 1
    return stage


def _deployed(stage: Stage, *planned: Maintenance) -> None:
    stage.policy = replace(stage.policy, maintenance=planned)


DAYS = 24 * 60


def test_a_planned_outage_is_announced_and_begins_and_ends_without_another_letter() -> None:
    stage = _announced()
    assert [stage.at(2 * DAYS + minute) for minute in (0, 60, 90, 120, 180)] == [0] * 5
    assert [stage.at(day * DAYS) for day in (3, 4, 5)] == [0] * 3
    assert stage.told() == ["Scheduled"]


def test_one_that_is_called_off_is_told_of_once_and_announced_anew_when_it_is_planned_again() -> None:
    stage = _announced()
    _deployed(stage)
    assert [stage.at(minute) for minute in (2, 3)] == [1, 0]
    _deployed(stage, SATURDAY)
    assert [stage.at(minute) for minute in (4, 5)] == [1, 0]
    assert stage.told() == ["Scheduled", "Called", "Scheduled"]


def test_one_that_is_put_off_and_takes_longer_than_that_is_told_of_each_time_and_then_ends() -> None:
    stage = _announced()
    _deployed(stage, replace(SATURDAY, date="2026-05-03"))
    assert [stage.at(minute) for minute in (2, 3)] == [1, 0]
    _deployed(stage, replace(SATURDAY, date="2026-05-03", lasts=timedelta(hours=4)))
    assert [stage.at(3 * DAYS + minute) for minute in (90, 91, 299, 301)] == [1, 0, 0, 0]
    assert stage.told() == ["Scheduled", "Changed", "Changed"]
    assert "to 17:00 UTC" in stage.subscribers.letters[-1].body


def test_whatever_fails_meanwhile_subscribers_read_what_it_has_come_to_and_nothing_twice() -> None:
    stage = _announced()
    _deployed(stage, replace(SATURDAY, lasts=timedelta(hours=2)))
    stage.subscribers.error = Transient("throttled")
    for minute in (2, 3):
        with pytest.raises(Transient):
            stage.at(minute)
    _deployed(stage)
    stage.subscribers.error = None
    assert [stage.at(minute) for minute in (4, 5)] == [1, 0]
    assert stage.told() == ["Scheduled", "Called"]


def test_one_moved_there_and_back_before_anybody_was_told_is_no_news() -> None:
    stage = _announced()
    _deployed(stage, replace(SATURDAY, at="15:00"))
    stage.subscribers.error = Transient("throttled")
    with pytest.raises(Transient):
        stage.at(2)
    _deployed(stage, SATURDAY)
    stage.subscribers.error = None
    assert stage.at(3) == 0


def test_two_at_once_call_it_off_once() -> None:
    stage = _announced()
    _deployed(stage)
    stage.store.interruptions = [lambda: _rival(stage)]
    stage.at(2)
    assert stage.at(3) == 0
    assert stage.told() == ["Scheduled", "Called"]


def test_what_was_never_announced_is_not_called_off() -> None:
    stage = Stage(POLICY)
    _deployed(stage, replace(SATURDAY, date="2026-05-20"))
    assert stage.at(1) == 0
    _deployed(stage)
    assert [stage.at(minute) for minute in (2, 3)] == [0, 0]


def test_after_weeks_without_letters_only_what_is_still_expected_is_called_off() -> None:
    stage = Stage(POLICY)
    _deployed(stage, Maintenance("13:00", timedelta(hours=1), days=("sat", "wed")))
    assert stage.at(1) == 2
    _deployed(stage)
    assert [stage.at(4 * DAYS + minute) for minute in (0, 1)] == [1, 0]
    assert "2026-05-06 13:00" in stage.subscribers.letters[-1].body


def test_an_outage_that_builds_before_announced_is_not_announced_again_and_its_end_is_followed() -> None:
    stage = Stage(POLICY)
    _deployed(stage, SATURDAY)
    (outage,) = planned(stage.policy, NOON)
    stage.store.now = replace(stage.store.now, announced=(outage.earlier_id,))
    assert [stage.at(minute) for minute in (1, 2)] == [0, 0]
    assert stage.store.now.announced == ()
    _deployed(stage)
    assert stage.at(3) == 1
    assert stage.told() == ["Called"]


def test_a_year_of_weekly_outages_that_are_moved_about_is_remembered_in_a_few_lines() -> None:
    stage = Stage(POLICY)
    for week in range(52):
        _deployed(stage, Maintenance(f"{week % 24:02}:00", timedelta(hours=1), days=("sun",)))
        for day in range(7):
            stage.at((7 * week + day) * DAYS)
        assert len(stage.store.now.planned) <= 3
    assert "Called" not in stage.told()
