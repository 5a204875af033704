"""What one channel can't take of a digest waits apart for it: a contact's other ways, limits and storms go on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.contact import Contact
from defib.core.incident import Notice
from defib.core.maintenance import DAYS, Maintenance
from defib.core.medium import Medium
from defib.core.messages import MessageLimits
from defib.core.outbox import Lane
from defib.core.post import Post
from defib.core.severity import Severity
from defib.shell.ports import CallFailed, Rejected, Transient, Unanswered
from tests.shell.office import POLICY, WEB, Office, notice

ANN = Contact("ann", email=("ann@example.com",), sms=("+491701234567",), chat=True)
TELLS_ANN = replace(
    POLICY, contacts=(ANN,), services=(replace(WEB, tell=("ann",), then=()),), messages=MessageLimits(at_once=2)
)
GONE = Rejected("no such topic", "NotFoundException")
MINUTE = timedelta(minutes=1)


class Died(Exception):
    """The process dies here."""


@pytest.fixture
def office() -> Office:
    """Ann's chat is gone."""
    office = Office(policy=TELLS_ANN)
    office.chat.error = GONE
    return office


def made(office: Office, numbers: Sequence[int], severity: Severity = Severity.URGENT) -> list[Notice]:
    """One notice in an incident of its own for each of the numbers."""
    at = office.clock.now()
    return [replace(notice(n, severity, at=at), incident_id=f"s{n}-1", sequence=1) for n in numbers]


def live(office: Office, minutes: int) -> None:
    """The sweep has all that is due sent each minute."""
    for _ in range(minutes):
        office.clock.advance(MINUTE)
        with suppress(CallFailed):
            office.sum_up()


def told(posts: Sequence[Post], numbers: Sequence[int]) -> list[int]:
    """How often each of them is named."""
    return [sum(f"  s{n}-1  " in post.email or post.incident_id == f"s{n}-1" for post in posts) for n in numbers]


def test_in_a_storm_of_four_hundred_whoever_has_lost_its_chat_reads_each_by_mail_and_text_message(
    office: Office,
) -> None:
    numbers = range(1, 401)
    office.tell(*made(office, numbers))
    live(office, 5)

    assert told(office.got(), numbers) == [1] * 400
    assert all({*post.media} == {Medium.EMAIL, Medium.SMS} for post in office.got())

    later = made(office, range(401, 404), Severity.HIGH)
    office.tell(*later)
    live(office, 10)
    assert told(office.got(), range(401, 404)) == [1] * 3


def test_a_contact_gets_as_many_messages_in_a_storm_as_if_its_chat_had_taken_them(office: Office) -> None:
    well = Office(policy=TELLS_ANN)
    for each in (office, well):
        each.tell(*made(each, range(100, 105), Severity.HIGH))
        for number in range(60):
            each.tell(*made(each, [number], Severity.HIGH))
            live(each, 1)

    assert office.got() == well.got()
    assert office.mail.outbox("ann").storm_waits == well.mail.outbox("ann").storm_waits > 2, "and waits grow as long"


def test_the_storm_ends_though_chat_takes_nothing_and_only_who_has_read_all_of_it_hears_so(office: Office) -> None:
    office.tell(*made(office, range(1, 6)))
    live(office, 2)
    office.tell(*made(office, range(6, 9)))
    while "is over" not in office.got()[-1].subject:
        if (due := office.mail.outbox("ann").storm_at) and not office.mail.waiting("ann", Lane.STORM, 1):
            office.chat.error = None if due <= office.clock.now() + MINUTE else GONE
        live(office, 1)

    assert office.mail.outbox("ann").storm_since is None
    assert office.got()[-1].subject.endswith("is over: 6 messages came to you in 2")
    assert told(office.chat.published, range(3, 9)) == [1] * 6, "it was mended just before"
    assert not any("is over" in post.subject for post in office.chat.published)
    office.tell(*made(office, [9]))
    assert office.got()[-1].subject == office.chat.published[-1].subject == "subject 9;", "the next goes by itself"


def test_chat_gets_all_that_it_has_missed_in_order_once_it_is_mended(office: Office) -> None:
    numbers = range(1, 401)
    office.tell(*made(office, numbers[:250]))
    live(office, 30)
    for number in numbers[250:]:
        office.tell(*made(office, [number], Severity.HIGH))
        office.clock.advance(timedelta(seconds=1))
    live(office, 60)
    office.chat.error = None
    live(office, 1)
    office.alone()

    assert told(office.chat.published, numbers) == [1] * 400
    digests = [post for post in office.chat.published if post.notice == "digest"]
    first = [told([post], numbers) for post in digests]
    assert [said.index(1) for said in first] == sorted(said.index(1) for said in first)
    assert office.mail.kept == {}
    assert office.mail.outbox("ann").due_at() is None


def test_what_is_new_comes_after_what_chat_has_missed_and_mail_does_not_wait_for_that(office: Office) -> None:
    office.tell(*made(office, range(1, 6), Severity.HIGH))
    live(office, 10)
    assert office.mail.outbox("ann").storm_since is None
    office.chat.error = None

    office.tell(*made(office, [6], Severity.HIGH))
    assert office.got()[-1].subject == "subject 6;"
    assert office.chat.published == []
    assert isinstance(office.alone()[-1], Transient)

    live(office, 1)
    office.alone()
    assert told(office.chat.published[:1], range(1, 7)) == [0, 0, 1, 1, 1, 0]
    assert office.chat.published[-1].subject == "subject 6;"


def test_a_call_for_help_waits_for_nothing_that_chat_has_missed(office: Office) -> None:
    office.tell(*made(office, range(1, 6), Severity.HIGH))
    live(office, 10)
    office.chat.error = None

    office.tell(*made(office, [6]))

    assert [post.subject for post in office.chat.published] == ["subject 6;"]


def test_what_chat_takes_again_after_a_moment_comes_in_one_and_before_the_next_digest(office: Office) -> None:
    office.chat.error = Transient("throttled")
    office.tell(*made(office, range(1, 6)))
    live(office, 1)
    office.chat.error = None
    office.tell(*made(office, [6]))
    live(office, 3)

    names = [told([post], range(3, 7)) for post in office.chat.published]
    assert names[0] == [1, 1, 1, 0]
    assert told(office.chat.published, range(3, 7)) == [1] * 4


def test_of_a_storm_in_two_messages_chat_reads_the_second_after_the_first_that_it_did_not_take(office: Office) -> None:
    office.tell(*made(office, range(1, 403)))
    office.clock.advance(MINUTE)
    with pytest.raises(Rejected):
        office.sum_up()
    office.chat.error = None
    office.clock.advance(timedelta(seconds=5))
    office.sum_up()
    assert told(office.got(), range(3, 403)) == [1] * 400
    assert office.chat.published == []

    live(office, 1)
    assert [sum(told([post], range(3, 403))) for post in office.chat.published] == [300, 100]


def test_once_one_way_has_not_answered_the_same_message_tries_no_other(office: Office) -> None:
    """The rest would outlast the function: it goes within a minute."""
    office.chat.error = None
    office.tell(*made(office, range(1, 6)))
    heard = len(office.chat.published)
    office.sns.error = Unanswered("no answer")
    office.clock.advance(MINUTE)

    with pytest.raises(Unanswered):
        office.sum_up()
    assert len(office.chat.published) == heard

    live(office, 2)
    assert told(office.chat.published, range(3, 6)) == [1] * 3


def test_chat_does_not_wait_for_mail_that_is_not_answered(office: Office) -> None:
    """One that is not answered has lasted so long that no other is tried by the same message."""
    office.chat.error = None
    office.tell(*made(office, range(1, 6), Severity.HIGH))
    office.sns.error = Unanswered("no answer")
    for number in range(6, 60):
        office.tell(*made(office, [number], Severity.HIGH))
        office.alone()
        live(office, 1)
    live(office, 15)
    assert office.mail.waiting("ann", Lane.CHAT, 9) == office.mail.waiting("ann", Lane.STORM, 9) == []
    assert told(office.chat.published, range(1, 60)) == [1] * 59

    office.sns.error = None
    live(office, 1)
    office.alone()
    assert told(office.got(), range(1, 60)) == [1] * 59


def test_what_filled_the_storm_for_chat_alone_before_is_out_of_its_way_within_minutes(office: Office) -> None:
    """So it was kept up to now: whoever is in the middle of it when a new version is deployed is told, too."""
    office.tell(*made(office, range(1, 703)))
    for key, waiting in office.mail.kept.items():
        office.mail.kept[key] = replace(waiting, media=(Medium.CHAT,))
    office.clock.advance(timedelta(seconds=1))
    office.tell(*made(office, [703, 704]))

    live(office, 4)
    assert told(office.got(), [703, 704]) == [1, 1]
    office.chat.error = None
    live(office, 1)
    assert told(office.chat.published, range(3, 705)) == [1] * 702


@pytest.mark.parametrize("dies", range(20))
def test_whoever_dies_while_it_sets_apart_loses_nothing(office: Office, dies: int) -> None:
    office.tell(*made(office, range(1, 6)))
    left = dies

    def die() -> None:
        nonlocal left
        left -= 1
        if left == -1:
            raise Died

    office.mail.around = die
    office.clock.advance(MINUTE)
    with suppress(CallFailed, Died):
        office.sum_up()
    office.mail.around = lambda: None
    live(office, 3)
    office.chat.error = None
    live(office, 3)
    office.alone()

    assert all(told(office.got(), range(3, 6)))
    assert all(told(office.chat.published, range(3, 6)))
    assert office.mail.kept == {}


def test_who_finds_nothing_apart_yet_does_not_keep_from_it_what_is_on_its_way_there(office: Office) -> None:
    office.tell(*made(office, range(1, 6)))
    set_apart = office.mail.set_apart

    def after_a_rival(*asked: object) -> object:
        rival = office.mail.outbox("ann")
        office.mail.remember_outbox(rival.until(Lane.CHAT, None))
        return set_apart(*asked)  # type: ignore[arg-type]  # as it was asked

    office.mail.set_apart = after_a_rival  # type: ignore[assignment,method-assign]
    live(office, 1)

    assert office.mail.outbox("ann").chat_at == office.clock.now() + MINUTE


def test_who_gives_its_chat_up_misses_nothing_there(office: Office) -> None:
    office.tell(*made(office, range(1, 6)))
    live(office, 3)
    office.policy = replace(TELLS_ANN, contacts=(replace(ANN, chat=False),))
    office.chat.error = AssertionError("there is no topic to send to")
    live(office, 15)

    assert office.mail.kept == {}
    assert office.mail.outbox("ann").due_at() is None


def test_what_is_low_and_was_missed_sleeps_until_the_morning_and_keeps_nothing_waiting(office: Office) -> None:
    night = Maintenance("12:30", timedelta(hours=8), days=DAYS)
    office.policy = replace(TELLS_ANN, contacts=(replace(ANN, email_for=("high", "urgent", "low"), quiet=(night,)),))
    office.tell(*made(office, range(1, 6), Severity.LOW))
    live(office, 40)
    office.chat.error = None
    live(office, 5)
    assert office.chat.published == []

    office.tell(*made(office, [6], Severity.HIGH))
    assert [post.subject for post in office.chat.published] == ["subject 6;"]
    live(office, 8 * 60)
    office.alone()
    assert told(office.chat.published, range(3, 6)) == [1] * 3
