"""Who can be reached, by what SNS says of each address."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from defib.core.medium import Medium
from defib.core.policy import Contact
from defib.core.reach import (
    Finding,
    Problem,
    Question,
    Readings,
    Standing,
    Subscription,
    Topic,
    expected,
    expected_of_watchtower,
    findings,
    merged,
    unreachable,
)
from defib.core.reach_news import remedy, shown
from tests.core.facts import NOON, after
from tests.core.subscribed import ADDRESSES, ALL_CONFIRMED, CONTACTS, GOOD, MAIL, PHONE, POLICY, with_standing


def found(readings: Readings, now: datetime = NOON) -> list[tuple[Problem, str]]:
    return [(finding.problem, finding.endpoint) for finding in findings(ADDRESSES, readings, 80, now)]


CHATTY = replace(POLICY, contacts=(replace(CONTACTS[0], chat=True), Contact("room", chat=True)))


def on_chat(*contacts: str) -> tuple[Finding, ...]:
    """What a look finds where these contacts have a channel on their chat topics."""
    channels = tuple(Subscription(Topic.CHAT, f"chat:{contact}", Standing.CONFIRMED) for contact in contacts)
    return findings(expected(CHATTY), replace(GOOD, subscriptions=(*ALL_CONFIRMED, *channels)), 80, NOON)


def test_a_chat_topic_without_a_channel_is_found_and_told_of_once_somebody_has_had_time_to_subscribe_one() -> None:
    (found,) = on_chat("oncall")

    assert (found.problem, found.contact, found.topics) == (Problem.UNSUBSCRIBED, "room", (Topic.CHAT,))
    assert not found.is_ripe(NOON)
    assert found.is_ripe(after(minutes=30))
    assert shown(found) == "the chat of room"
    assert "Amazon Q Developer" in remedy(found)
    assert "ChatTopic" in remedy(found)
    assert on_chat("oncall", "room") == ()


def test_whoever_reads_in_a_chat_alone_is_cut_off_without_its_channel() -> None:
    assert unreachable(expected(CHATTY), on_chat("oncall")) == ("room",)
    assert unreachable(expected(CHATTY), on_chat("room")) == (), "the other one has e-mail too"


def test_a_chat_topic_that_could_not_be_asked_after_is_not_called_empty() -> None:
    unanswered = replace(GOOD, unanswered={Question.CHAT: "no answer"})
    (before,) = on_chat("oncall")

    assert findings(expected(CHATTY), unanswered, 80, NOON) == ()
    assert merged((before,), (), unanswered.unanswered) == (before,)


def test_every_address_of_every_contact_hears_of_incidents_and_of_alerts() -> None:
    with_machine = replace(POLICY, contacts=(*CONTACTS, Contact("pager", https=("https://events.example.com/a",))))

    for topic in (Topic.INCIDENTS, Topic.ALERTS):
        assert {a.endpoint for a in expected(with_machine) if a.topic is topic} == {
            MAIL,
            PHONE,
            "boss@example.com",
            "https://events.example.com/a",
        }


def test_when_all_is_well_nothing_is_found() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("readings", "problem", "endpoint"),
    [
        (with_standing(Standing.PENDING), Problem.UNCONFIRMED, MAIL),
        (with_standing(Standing.PENDING, MAIL, Topic.ALERTS), Problem.UNCONFIRMED, MAIL),
        (with_standing(None), Problem.UNSUBSCRIBED, MAIL),
        (with_standing(Standing.DELETED), Problem.UNSUBSCRIBED, MAIL),
        (replace(GOOD, sandboxed=True), Problem.UNVERIFIED, PHONE),
        (replace(GOOD, opted_out=(PHONE,)), Problem.OPTED_OUT, PHONE),
        (replace(GOOD, spent_usd=10.0), Problem.SPENT, ""),
        (replace(GOOD, spent_usd=8.0), Problem.SPENDING, ""),
    ],
)
def test_each_problem_is_found_once(readings: Readings, problem: Problem, endpoint: str) -> None:
    assert found(readings) == [(problem, endpoint)]


@pytest.mark.parametrize(
    "readings",
    [
        replace(GOOD, sandboxed=True, verified=(PHONE,)),
        replace(GOOD, opted_out=("+4915112345678",)),
        replace(GOOD, spent_usd=7.99),
        replace(GOOD, quota_usd=0, spent_usd=5),
    ],
)
def test_what_keeps_nobody_from_hearing_is_no_problem(readings: Readings) -> None:
    assert found(readings) == []


def test_an_address_that_is_deleted_and_confirmed_again_is_confirmed() -> None:
    again = Subscription(Topic.INCIDENTS, MAIL, Standing.DELETED)

    assert found(replace(GOOD, subscriptions=(again, *ALL_CONFIRMED))) == []


def test_mail_addresses_are_the_same_in_any_case() -> None:
    shouted = tuple(replace(s, endpoint=s.endpoint.upper()) for s in ALL_CONFIRMED)

    assert found(replace(GOOD, subscriptions=shouted)) == []


def test_an_address_may_be_pending_for_one_topic_and_gone_from_the_other() -> None:
    pending = Subscription(Topic.INCIDENTS, MAIL, Standing.PENDING)
    others = tuple(s for s in ALL_CONFIRMED if s.endpoint != MAIL)

    one, other = findings(ADDRESSES, replace(GOOD, subscriptions=(*others, pending)), 80, NOON)

    assert (one.problem, one.topics) == (Problem.UNCONFIRMED, (Topic.INCIDENTS,))
    assert (other.problem, other.topics) == (Problem.UNSUBSCRIBED, (Topic.ALERTS,))


def test_where_nobody_has_a_phone_the_quota_matters_to_nobody() -> None:
    addresses = tuple(a for a in ADDRESSES if a.medium is not Medium.SMS)

    assert findings(addresses, replace(GOOD, spent_usd=10.0), 80, NOON) == ()


@pytest.mark.parametrize("question", [Question.INCIDENTS, Question.ALERTS])
def test_what_sns_did_not_answer_is_no_problem(question: Question) -> None:
    of = Topic.INCIDENTS if question is Question.INCIDENTS else Topic.ALERTS
    silent = replace(
        GOOD, subscriptions=tuple(s for s in ALL_CONFIRMED if s.topic is not of), unanswered={question: "throttled"}
    )

    assert found(silent) == []


# From one look to the next


def test_a_problem_that_stays_keeps_its_beginning_and_that_people_know_of_it() -> None:
    (first,) = findings(ADDRESSES, with_standing(Standing.PENDING), 80, NOON)
    again = findings(ADDRESSES, with_standing(Standing.PENDING), 80, after(hours=1))

    (kept,) = merged([replace(first, told=True)], again, {})

    assert (kept.since, kept.told) == (NOON, True)


def test_what_is_not_found_again_is_over_only_if_sns_has_answered() -> None:
    (first,) = findings(ADDRESSES, with_standing(Standing.PENDING), 80, NOON)

    assert merged([first], (), {Question.ALERTS: "no answer"}) == (first,)
    assert merged([first], (), {Question.QUOTA: "no answer"}) == ()
    assert merged([first], (), {}) == ()


@pytest.mark.parametrize(
    ("readings", "question"),
    [
        (replace(GOOD, sandboxed=True), Question.SANDBOX),
        (replace(GOOD, opted_out=(PHONE,)), Question.OPT_OUTS),
        (replace(GOOD, spent_usd=10.0), Question.QUOTA),
        (replace(GOOD, spent_usd=9.0), Question.QUOTA),
    ],
)
def test_each_problem_ends_by_the_answer_to_its_own_question(readings: Readings, question: Question) -> None:
    known = findings(ADDRESSES, readings, 80, NOON)

    assert merged(known, (), {question: "no answer"}) == known
    assert merged(known, (), {other: "no answer" for other in Question if other is not question}) == ()


def test_who_has_not_answered_a_drill_is_known_without_sns() -> None:
    silent = replace(findings(ADDRESSES, with_standing(Standing.PENDING), 80, NOON)[0], problem=Problem.UNANSWERED)

    assert merged([silent], (), dict.fromkeys(Question, "no answer")) == ()


@pytest.mark.parametrize(("region", "topics"), [("", set()), ("eu-west-1", {Topic.FINDINGS, Topic.HEARTBEAT})])
def test_every_contact_hears_of_a_watchtower_where_there_is_one(region: str, topics: set[Topic]) -> None:
    found = expected_of_watchtower(replace(POLICY, watchtower=replace(POLICY.watchtower, region=region)))

    assert {address.topic for address in found} == topics
    assert {address.endpoint for address in found} == ({MAIL, PHONE, "boss@example.com"} if region else set())


@pytest.mark.parametrize(
    ("readings", "contacts"),
    [
        (GOOD, ()),
        (with_standing(Standing.PENDING), ()),
        (with_standing(Standing.PENDING, MAIL, Topic.ALERTS), ()),
        (replace(with_standing(None), opted_out=(PHONE,)), ("oncall",)),
        (replace(with_standing(None), spent_usd=10.0), ("oncall",)),
        (replace(with_standing(None), spent_usd=9.0), ()),
        (replace(GOOD, spent_usd=10.0), ()),
    ],
)
def test_a_contact_is_cut_off_when_no_address_of_it_hears_of_incidents(
    readings: Readings, contacts: tuple[str, ...]
) -> None:
    assert unreachable(ADDRESSES, findings(ADDRESSES, readings, 80, NOON)) == contacts
