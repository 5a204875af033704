"""A notice reaches each contact that it is for: at once, or in a message that sums up others. None is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from defib.core.answer.mail import AnswerLink
from defib.core.contact import Contact
from defib.core.escalation import Tier
from defib.core.incident import Notice, NoticeKind
from defib.core.maintenance import DAYS, Maintenance
from defib.core.medium import Medium
from defib.core.messages import MessageLimits
from defib.core.outbox import Lane, Outbox
from defib.core.policy import Policy
from defib.core.post import Places, Post
from defib.core.severity import Severity
from defib.shell.announce import Announcing, announce, sum_up
from defib.shell.ports import Transient
from defib.shell.store import Conflict
from tests.core.facts import NOON, SERVICE, after
from tests.core.facts import POLICY as PLAIN
from tests.fakes import FakeChannel, FakeClock, FakeMail, FakeReminders, FakeStore

MAIL = (Medium.EMAIL, Medium.SMS, Medium.HTTPS)
ANN = Contact("ann", email=("ann@example.com",), https=("https://events.example.com/x",), chat=True)
BOB = Contact("bob", email=("bob@example.com",))
EVE = Contact("eve", email=("eve@example.com",))
WEB = replace(SERVICE, tell=("ann",), then=("bob",), runbook="https://wiki.example.com/web")
LIMITS = MessageLimits(most=2, window=timedelta(minutes=10), at_once=2)
POLICY = replace(PLAIN, services=(WEB,), contacts=(ANN, BOB, EVE), messages=LIMITS)
NO_STORM = replace(POLICY, messages=replace(LIMITS, at_once=20))


def notice(sequence: int = 1, severity: Severity = Severity.HIGH, **changes: Any) -> Notice:
    made = Notice(
        "web-1",
        "web",
        sequence,
        NoticeKind.OPENED,
        NOON,
        "i-1-1",
        "i-1",
        f"subject {sequence};",
        "What is wrong.\n\nTimeline",
        "sms",
        severity,
    )
    return replace(made, **changes)


@dataclass
class Office:
    """Everything around ``announce``, in memory."""

    policy: Policy = POLICY
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOON))
    store: FakeStore = field(default_factory=FakeStore)
    mail: FakeMail = field(default_factory=FakeMail)
    sns: FakeChannel = field(default_factory=lambda: FakeChannel("sns", MAIL))
    chat: FakeChannel = field(default_factory=lambda: FakeChannel("chat", (Medium.CHAT,)))
    reminders: FakeReminders = field(default_factory=FakeReminders)

    @property
    def edges(self) -> Announcing:
        places = Places("arn:topic", "https://status.example.com")
        channels = (self.sns, self.chat)
        return Announcing(self.clock, self.store, self.mail, channels, self.reminders, places, _Link())

    def tell(self, *notices: Notice) -> None:
        for made in notices:
            self.store.notices[made.incident_id, made.sequence] = made
            announce(made.incident_id, made.sequence, self.edges, self.policy)

    def sum_up(self, contact: str = "ann") -> int:
        return sum_up(contact, self.edges, self.policy)

    def got(self, contact: str = "ann") -> list[Post]:
        return [post for post in self.sns.published if post.contact == contact]


class _Link:
    def link_for(self, notice: Notice, contact: str) -> AnswerLink | None:
        return AnswerLink(f"https://answer.example.com/{notice.sequence}/{contact}", NOON)

    def link_to_all(self, incident_ids: Sequence[str], contact: str, at: datetime) -> AnswerLink | None:
        return AnswerLink(f"https://answer.example.com/{at:%H:%M}/{contact}/{','.join(incident_ids)}", NOON)


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_notice_goes_to_each_contact_of_its_tier_once_and_is_marked(office: Office) -> None:
    office.tell(notice(tier=Tier.SECOND))

    assert [(post.contact, post.media) for post in office.sns.published] == [
        ("ann", (Medium.EMAIL, Medium.HTTPS)),
        ("bob", (Medium.EMAIL,)),
    ]
    assert [post.contact for post in office.chat.published] == ["ann"]
    assert office.store.published_at("web-1", 1) == NOON


def test_a_notice_delivered_twice_goes_out_once(office: Office) -> None:
    office.tell(notice())

    assert not announce("web-1", 1, office.edges, POLICY)
    assert len(office.sns.published) == 1


def test_a_notice_that_does_not_exist_is_no_error(office: Office) -> None:
    assert not announce("web-1", 2, office.edges, POLICY)


def test_everybody_hears_of_a_whole_zone(office: Office) -> None:
    office.tell(notice(incident_id="zone:us-east-1a-1", service="zone:us-east-1a"))

    assert [post.contact for post in office.sns.published] == ["ann", "bob", "eve"]


def test_an_e_mail_says_where_to_answer_what_to_do_and_what_customers_see(office: Office) -> None:
    office.tell(notice())

    assert office.got()[0].email.splitlines()[:5] == [
        "What is wrong.",
        "What you must do: Answer on this page, once, by 30 April 12:00 UTC. Opening it changes nothing:",
        "                  https://answer.example.com/1/ann",
        "Runbook:          https://wiki.example.com/web",
        "Status page:      https://status.example.com",
    ]


def test_a_channel_that_fails_leaves_the_notice_for_another_try_and_repeats_no_other(office: Office) -> None:
    office.chat.error = Transient("no answer")
    with pytest.raises(Transient):
        office.tell(notice())
    assert office.store.published_at("web-1", 1) is None

    office.chat.error = None
    announce("web-1", 1, office.edges, POLICY)

    assert (len(office.sns.published), len(office.chat.published)) == (1, 1)
    assert office.store.published_at("web-1", 1) == NOON


def test_a_notice_that_should_have_gone_before_goes_before(office: Office) -> None:
    office.store.notices["web-1", 1] = notice(1)

    office.tell(notice(2, kind=NoticeKind.RESOLVED))
    assert not announce("web-1", 1, office.edges, POLICY)

    assert [post.subject for post in office.got()] == ["subject 1;", "subject 2;"]


def test_a_contact_whose_messages_fail_keeps_none_of_them_from_another(office: Office) -> None:
    office.tell(notice(1), notice(2), notice(3, tier=Tier.SECOND))

    assert [post.subject for post in office.got("bob")] == ["subject 3;"]


def test_beyond_the_limit_they_are_summed_up_and_machines_hear_of_each(office: Office) -> None:
    office.policy = NO_STORM
    office.tell(*(notice(n) for n in range(1, 6)))

    assert [post.media for post in office.got()[2:]] == [(Medium.HTTPS,)] * 3
    assert office.reminders.asked == [("ann", after(minutes=10), NOON)]
    assert all(office.store.published_at("web-1", n) for n in range(1, 6)), "what waits is not sent again by the sweep"

    office.clock.advance(timedelta(minutes=10))
    assert office.sum_up() == 3

    digest = office.got()[-1]
    assert digest.subject == "[Defib] 3 more messages since 12:00 UTC"
    assert "web-1  subject 5; (2 before it)" in digest.email
    assert office.chat.published[-1].notice == "digest"
    assert office.sum_up() == 0


def test_a_notice_that_waited_alone_goes_as_it_is(office: Office) -> None:
    office.tell(*(notice(n) for n in range(1, 4)))
    office.clock.advance(timedelta(minutes=10))

    office.sum_up()

    assert office.got()[-1].subject == "subject 3;"
    assert office.got()[-1].notice == "opened"


def test_nothing_goes_before_its_time(office: Office) -> None:
    office.tell(*(notice(n) for n in range(1, 4)))

    assert office.sum_up() == 0
    assert len(office.chat.published) == 2


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


def test_a_digest_has_one_link_for_exactly_those_that_it_names(office: Office) -> None:
    office.tell(*calls(1, 5))
    office.clock.advance(timedelta(seconds=50))
    office.sum_up()

    assert "https://answer.example.com/12:00/ann/s3-1,s4-1\n" in office.got()[-1].email


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


QUIET = (Maintenance(at="11:00", lasts=timedelta(hours=9), days=DAYS),)


def test_what_is_low_waits_for_the_morning(office: Office) -> None:
    office.policy = replace(POLICY, contacts=(replace(ANN, quiet=QUIET), BOB, EVE))
    office.tell(notice(1, Severity.LOW), notice(2, Severity.LOW), notice(3, Severity.URGENT))

    assert [post.subject for post in office.chat.published] == ["subject 3;"]

    office.clock.advance(timedelta(hours=8))
    assert office.sum_up() == 2
    assert "quiet hours" in office.got()[-1].email


def test_of_two_at_once_each_counts(office: Office) -> None:
    """Both read that there is one place left; only one of them gets it."""
    office.policy = NO_STORM
    office.tell(notice(1))
    rival = replace(office.mail.boxes["ann"], sent=office.mail.boxes["ann"].sent * 2, version=2)
    office.mail.interruptions = [lambda: office.mail.boxes.update(ann=rival)]

    office.tell(notice(2))

    assert len(office.chat.published) == 1
    assert [w.sequence for w in office.mail.waiting("ann", Lane.LIMIT, 9)] == [2]


def test_whoever_loses_every_race_is_delivered_again(office: Office) -> None:
    def rival() -> None:
        office.mail.boxes["ann"] = replace(office.mail.outbox("ann"), version=office.mail.outbox("ann").version + 1)

    office.mail.interruptions = [rival] * 100

    with pytest.raises(Conflict, match="ann"):
        office.tell(notice(1))
    assert office.store.published_at("web-1", 1) is None


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
    assert "2 more ask" in office.got()[-1].subject or "2 more ask" in office.chat.published[-1].subject

    office.clock.advance(timedelta(minutes=2))
    office.sum_up()
    assert office.chat.published[-1].subject == "subject 5;"


def test_a_digest_that_one_channel_refuses_is_repeated_on_that_one_alone(office: Office) -> None:
    office.tell(*(notice(n) for n in range(1, 6)))
    office.clock.advance(timedelta(minutes=10))
    office.chat.error = Transient("no answer")
    with pytest.raises(Transient):
        office.sum_up()
    office.chat.error = None
    office.clock.advance(timedelta(minutes=1))

    office.sum_up()

    assert sum(post.notice == "digest" for post in office.sns.published) == 1
    assert sum(post.notice == "digest" for post in office.chat.published) == 1


def test_who_has_left_the_file_is_told_no_more(office: Office) -> None:
    office.tell(*(notice(n) for n in range(1, 6)))
    office.policy = replace(POLICY, contacts=(BOB, EVE))
    office.clock.advance(timedelta(minutes=10))

    assert office.sum_up() == 0
    assert office.mail.outbox("ann").due_at() is None
