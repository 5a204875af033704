"""Somebody asks for e-mail: counted first, then sent a link, and told the same whoever they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.core.page.settings import PageSettings
from defib.core.page.subscribing import Answer
from defib.shell.ports import CallFailed, Rejected, Transient
from defib.shell.store import Conflict
from defib.shell.subscribe import CONFLICTS_MAX, Subscribing, subscribe
from tests.core.page.shown import NOON, POLICY, minutes
from tests.fakes import FakeClock
from tests.fakes.mail import FakeMailStore, FakeSubscribers

ANN = "ann@example.com"


class Stage:
    def __init__(self, most: int = 3) -> None:
        self.policy = replace(POLICY, page=PageSettings(enabled=True, subscribe=True, subscriptions_a_day=most))
        self.clock = FakeClock(NOON)
        self.store = FakeMailStore()
        self.subscribers = FakeSubscribers()

    def ask(self, text: str = ANN) -> Answer:
        return subscribe(text, Subscribing(self.clock, self.store, self.subscribers), self.policy)


def test_an_address_is_sent_one_link_however_often_it_asks_on_a_day() -> None:
    stage = Stage()
    assert [stage.ask(), stage.ask(), stage.ask(" ANN@example.com")] == [Answer.SENT] * 3
    assert stage.subscribers.invited == [ANN]
    stage.clock.advance(minutes(24 * 60))
    stage.ask()
    assert stage.subscribers.invited == [ANN, ANN]


def test_thousands_of_requests_send_no_more_links_than_a_day_allows() -> None:
    stage = Stage(most=10)
    answers = [stage.ask(f"person-{number}@example.com") for number in range(2_000)]

    assert len(stage.subscribers.invited) == 10
    assert set(answers[100:]) <= {Answer.FULL, Answer.SENT}
    assert answers.count(Answer.FULL) > 1_900


def test_no_address_is_kept() -> None:
    stage = Stage()
    stage.ask()
    assert "ann@" not in repr(stage.store)
    assert stage.store.days[NOON.date()].count == 1


def test_the_count_is_written_before_a_link_is_sent() -> None:
    stage = Stage()
    stage.store.interruptions = [lambda: _raise(Transient("the table does not answer"))]
    assert stage.ask() is Answer.LATER
    assert stage.subscribers.invited == []


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (Transient("throttled", "Throttled"), Answer.LATER),
        (Rejected("no such address", "InvalidParameter"), Answer.WRONG),
        (Rejected("too many", "SubscriptionLimitExceeded"), Answer.FULL),
        (Rejected("not allowed", "AuthorizationError"), Answer.LATER),
    ],
)
def test_what_sns_says_becomes_what_people_read(error: CallFailed, answer: Answer) -> None:
    stage = Stage()
    stage.subscribers.error = error
    assert [stage.ask() for _ in range(3)] == [answer] * 3, "nor does anybody read later that a link was sent"


def test_after_a_failure_the_address_may_ask_again() -> None:
    stage = Stage()
    stage.subscribers.error = Transient("throttled")
    stage.ask()
    stage.subscribers.error = None
    assert stage.ask() is Answer.SENT
    assert stage.subscribers.invited == [ANN]


@pytest.mark.parametrize("error", [Transient("throttled"), Rejected("too many", "SubscriptionLimitExceeded")])
def test_while_sns_fails_no_answer_tells_who_was_sent_a_link_today(error: CallFailed) -> None:
    stage = Stage(most=9)
    stage.ask()
    stage.subscribers.error = error
    others = stage.ask("bob@example.com")
    assert [stage.ask(), stage.ask()] == [others, others] != [Answer.SENT] * 2
    stage.subscribers.error = None
    assert [stage.ask("cat@example.com"), stage.ask("cat@example.com"), stage.ask("cat@example.com")] == [
        Answer.SENT
    ] * 3
    assert stage.subscribers.invited == [ANN, "cat@example.com"], "and again each is sent one"


def test_a_failure_is_remembered_though_others_ask_at_the_same_time() -> None:
    stage = Stage()
    stage.subscribers.error = Transient("throttled")
    stage.store.interruptions = [lambda: None, lambda: _raise(Conflict("others wrote first"))]
    assert [stage.ask(), stage.ask()] == [Answer.LATER] * 2


def test_failures_count_against_the_day() -> None:
    stage = Stage(most=3)
    stage.subscribers.error = Transient("throttled")
    assert [stage.ask() for _ in range(4)] == [Answer.LATER] * 3 + [Answer.FULL]


def test_one_that_lost_a_race_starts_afresh_and_gives_up_in_the_end() -> None:
    stage = Stage()
    stage.store.interruptions = [lambda: _raise(Conflict("others wrote first"))]
    assert stage.ask() is Answer.SENT
    stage.store.interruptions = [lambda: _raise(Conflict("others wrote first"))] * CONFLICTS_MAX
    assert stage.ask("bob@example.com") is Answer.LATER
    assert stage.subscribers.invited == [ANN]


def _raise(error: Exception) -> None:
    raise error
