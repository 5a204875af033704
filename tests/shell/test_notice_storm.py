"""A storm of notices comes as few messages, and each is named in one of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from defib.core.digest import WAITING_MAX
from defib.core.incident import Notice
from defib.core.maintenance import DAYS, Maintenance
from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox
from defib.core.severity import Severity
from tests.shell.office import ANN, BOB, EVE, LIMITS, POLICY, Office, notice


def calls(first: int, last: int) -> list[Notice]:
    """One call for a person in each of so many incidents."""
    return [replace(notice(n, Severity.URGENT), incident_id=f"s{n}-1", sequence=1) for n in range(first, last)]


def test_a_storm_is_summed_up_within_a_minute_and_names_each(office: Office) -> None:
    office.tell(*calls(1, 301))
    assert len(office.chat.published) == 2

    office.clock.advance(timedelta(seconds=50))
    office.sum_up()

    assert len(office.chat.published) == 3
    assert "298 more ask for somebody" in office.got()[-1].subject
    assert sum(f"  s{n}-1  subject" in office.got()[-1].email for n in range(3, 301)) == 298
    assert office.reminders.asked[-1] == ("ann", office.mail.outbox("ann").due_at(), office.clock.now())


def test_a_digest_has_one_link_for_exactly_those_that_it_names(office: Office) -> None:
    office.tell(*calls(1, 5))
    office.clock.advance(timedelta(seconds=50))
    office.sum_up()

    assert "https://answer.example.com/12:00/ann/s3-1,s4-1\n" in office.got()[-1].email


def test_chat_that_hears_more_than_the_mail_reads_the_newest_of_an_incident_and_is_known_by_its_first(
    office: Office,
) -> None:
    loud = replace(ANN, email_for=("high", "urgent"), https=())
    office.policy = replace(POLICY, contacts=(loud, BOB, EVE), messages=replace(LIMITS, most=20))
    office.tell(notice(1), notice(2))
    office.clock.advance(timedelta(seconds=1))
    at = office.clock.now()
    office.tell(notice(3, at=at), notice(4, Severity.LOW, at=at + timedelta(seconds=1)))
    office.clock.advance(timedelta(minutes=2))
    office.sum_up()

    digest = office.chat.published[-1]
    assert "web-1  subject 4; (1 before it)" in digest.email
    assert '"id": "web-1#3"' in digest.chat


def test_more_than_one_message_holds_make_two(office: Office) -> None:
    office.tell(*calls(1, 403))
    office.clock.advance(timedelta(seconds=50))

    assert office.sum_up() == 400
    assert len(office.chat.published) == 4


def test_while_a_storm_lasts_each_digest_waits_twice_as_long_and_a_last_word_says_that_it_is_over(
    office: Office,
) -> None:
    """One call a second for five minutes: a handful of messages, and each call is named in one of them."""
    for second in range(1, 301):
        office.tell(*calls(second, second + 1))
        office.clock.advance(timedelta(seconds=1))
        office.sum_up()
    assert len(office.chat.published) == 4, "two one by one, and two digests"

    office.clock.advance(timedelta(minutes=4))
    office.sum_up()
    office.clock.advance(timedelta(minutes=4))
    office.sum_up()
    office.sum_up()

    told = [post.email for post in office.got() if Medium.EMAIL in post.media]
    assert len(told) == 6
    assert told[-1].startswith("The storm since 12:00 UTC is over: 298 messages came to you in 3.")
    assert all(any(f"  s{n}-1  " in text for text in told) for n in range(3, 301))
    office.tell(*calls(301, 302))
    assert office.got()[-1].subject == "subject 301;", "the next one goes by itself"


def test_a_storm_keeps_back_neither_the_first_call_for_help_nor_what_explains_it(office: Office) -> None:
    office.tell(*(notice(1, incident_id=f"s{n}-1") for n in range(1, 9)))
    office.clock.advance(timedelta(seconds=50))
    office.sum_up()
    office.clock.advance(timedelta(seconds=70))
    before = len(office.chat.published)

    office.tell(*calls(20, 30))
    assert [post.subject for post in office.chat.published[before:]] == ["subject 20;"]

    office.clock.advance(timedelta(seconds=61))
    zone = notice(1, Severity.URGENT, incident_id="zone:us-east-1a-1", service="zone:us-east-1a")
    office.tell(replace(zone, subject="zone is impaired"))
    assert office.chat.published[-1].subject == "zone is impaired"


def test_a_storm_of_which_something_waits_for_a_place_is_not_called_over(office: Office) -> None:
    office.policy = replace(POLICY, messages=replace(LIMITS, most=4))
    for number, until in enumerate((50, 120, 240)):
        office.tell(*(notice(1, incident_id=f"s{number}{n}-1") for n in range(3)))
        office.clock.advance(timedelta(seconds=until))
        office.sum_up()

    told = [post.email for post in office.got() if Medium.EMAIL in post.media]
    assert not any("is over" in text for text in told)
    assert len(told) == 4
    office.clock.advance(timedelta(minutes=4))
    assert office.sum_up() == 3, "the first of them is ten minutes old"


def test_three_in_a_minute_are_a_storm_without_a_closing_word(office: Office) -> None:
    office.policy = replace(POLICY, messages=replace(LIMITS, most=20))
    office.tell(*(notice(n) for n in range(1, 4)))
    for _ in range(3):
        office.clock.advance(timedelta(minutes=2))
        office.sum_up()

    assert [post.subject for post in office.chat.published] == ["subject 1;", "subject 2;", "subject 3;"]
    assert office.mail.outbox("ann").due_at() is None


def test_what_comes_while_a_message_is_summed_up_waits_for_the_next(office: Office) -> None:
    office.tell(*calls(1, 5))
    office.clock.advance(timedelta(seconds=50))
    begun: list[Outbox] = []

    def late() -> None:
        if not begun:
            begun.append(office.mail.outbox("ann"))
            office.tell(*calls(5, 6))

    office.sns.before = late
    office.sum_up()
    office.sns.before = None
    assert "2 more ask" in office.chat.published[-1].subject

    office.clock.advance(timedelta(minutes=2))
    office.sum_up()
    assert office.chat.published[-1].subject == "subject 5;"


def test_who_comes_back_to_the_file_is_told_nothing_of_before(office: Office) -> None:
    night = Maintenance("11:00", timedelta(hours=2), days=DAYS)
    ann = replace(ANN, quiet=(night,), https=())
    there, gone = replace(POLICY, contacts=(ann, BOB, EVE)), replace(POLICY, contacts=(BOB, EVE))
    office.policy = there
    office.tell(*(notice(n) for n in range(1, WAITING_MAX + 10)), *(notice(n, Severity.LOW) for n in (2001, 2002)))
    assert {w.lane for w in office.mail.kept.values()} >= {Lane.STORM, Lane.QUIET}
    office.policy = gone
    office.clock.advance(timedelta(minutes=2))
    office.sum_up()

    office.policy = there
    heard = len(office.got())
    office.clock.advance(timedelta(days=60))
    office.tell(notice(1, Severity.LOW, incident_id="web-7", at=office.clock.now()))
    office.clock.advance(timedelta(hours=2))
    assert office.sum_up() == 1
    (said,) = office.got()[heard:]
    assert said.incident_id == "web-7"
