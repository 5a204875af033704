"""A notice reaches each contact that it is for: at once, or in a message that sums up others. None is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.digest import DIGEST_MAX
from defib.core.escalation import Tier
from defib.core.incident import NoticeKind
from defib.core.maintenance import DAYS, Maintenance
from defib.core.medium import Medium
from defib.core.outbox import AGAIN_AFTER, Lane
from defib.core.severity import Severity
from defib.shell.announce import CHAIN_MOST, announce
from defib.shell.ports import Rejected, Transient
from defib.shell.store import Conflict
from tests.core.facts import NOON, after
from tests.shell.office import ANN, BOB, EVE, LIMITS, NO_STORM, POLICY, WEB, Office, notice


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
        "What you must do: Answer here. Opening it changes nothing; it takes one answer, until 30 April 12:00 UTC:",
        "                  https://answer.example.com/1/ann",
        "Runbook:          https://wiki.example.com/web",
        "Status page:      https://status.example.com",
    ]


def test_a_channel_that_fails_leaves_the_notice_for_another_try_and_repeats_no_other(office: Office) -> None:
    office.chat.error = Transient("no answer")
    office.tell(notice())
    assert office.reminders.untold == [("web-1", 1, "ann chat")]
    assert [type(error) for error in office.alone()] == [Transient], (
        "so that it is tried again, and set aside in the end"
    )
    assert office.store.published_at("web-1", 1) is None

    office.chat.error = None
    assert office.alone() == []

    assert (len(office.sns.published), len(office.chat.published)) == (1, 1)
    assert office.store.published_at("web-1", 1) == NOON


def test_one_who_can_not_be_told_keeps_nobody_else_from_hearing(office: Office) -> None:
    office.policy = replace(POLICY, services=(replace(WEB, tell=("ann", "bob")),))
    office.sns.refused = "ann"
    office.tell(notice(), notice(2, kind=NoticeKind.RESOLVED))

    assert [post.subject for post in office.chat.published] == ["subject 1;", "subject 2;"], "she reads that"
    assert [post.subject for post in office.got("bob")] == ["subject 1;", "subject 2;"]
    assert [type(error) for error in office.alone()] == [Rejected, Rejected]
    assert [office.store.published_at("web-1", n) for n in (1, 2)] == [None, None], "ann is tried again"
    office.sns.refused = ""
    office.alone()
    assert [post.subject for post in office.got("ann")] == ["subject 1;", "subject 2;"]
    assert (len(office.got("bob")), len(office.chat.published)) == (2, 2)
    assert all(office.store.published_at("web-1", n) for n in (1, 2))


def test_who_missed_one_message_reads_it_before_what_comes_later_though_one_between_was_for_others(
    office: Office,
) -> None:
    office.sns.refused = "bob"
    office.tell(notice(tier=Tier.SECOND), notice(2))
    office.sns.refused = ""
    office.tell(notice(3, tier=Tier.SECOND))
    office.alone()

    assert [post.subject for post in office.got("bob")] == ["subject 1;", "subject 3;"]
    assert all(office.store.published_at("web-1", n) for n in (1, 2, 3))


def test_who_has_heard_hears_nothing_again_however_long_another_can_not_be_told(office: Office) -> None:
    office.policy = replace(POLICY, services=(replace(WEB, tell=("ann", "bob")),))
    office.sns.refused = "ann"
    for one in (notice(), notice(incident_id="web-2")):
        office.tell(one)
        office.clock.advance(timedelta(minutes=30))
    counted = office.mail.outbox("ann").sent
    for _ in range(5):
        announce("web-1", 1, office.edges, office.policy)
        assert len(office.alone()) == 2

    assert office.mail.outbox("ann").sent == counted, "what goes by e-mail has gone by chat"
    assert (len(office.got("bob")), len(office.chat.published)) == (2, 2)
    assert [sent.about for sent in office.mail.outbox("bob").sent] == ["web-2#1"], "what is long ago counts no more"
    assert office.mail.outbox("bob").due_at() is None, "nor does it wait for him"


def test_of_many_that_one_could_not_be_told_a_message_goes_through_few_and_in_the_end_each_comes_in_order(
    office: Office,
) -> None:
    office.policy = replace(POLICY, services=(replace(WEB, tell=("ann", "bob")),))
    office.policy = replace(office.policy, messages=replace(LIMITS, most=100, at_once=100))
    office.sns.refused = "ann"
    for number in range(1, 31):
        office.tell(notice(number))
        office.clock.advance(timedelta(minutes=2))
    assert len(office.got("bob")) == 30
    read, told = [], office.mail.told
    office.mail.told = lambda *of: (read.append(of), told(*of))[1]  # type: ignore[func-returns-value,method-assign]  # counts
    announce("web-1", 30, office.edges, office.policy)

    assert len(read) <= 2 * CHAIN_MOST
    office.sns.refused = ""
    office.reminders.untold = []
    for _ in range(3):
        for number in (30, *range(1, 31)):
            announce("web-1", number, office.edges, office.policy)
            office.alone()
    assert [post.subject for post in office.got("ann")] == [f"subject {n};" for n in range(1, 31)]
    assert len(office.got("bob")) == 30
    assert all(office.store.published_at("web-1", n) for n in range(1, 31))


def test_a_digest_that_one_channel_can_not_carry_goes_by_the_others(office: Office) -> None:
    office.policy = NO_STORM
    office.tell(*(notice(n) for n in range(1, 6)))
    office.clock.advance(timedelta(minutes=10))
    mails = len(office.got())
    office.sns.refused = "ann"
    with pytest.raises(Rejected):
        office.sum_up()
    assert office.chat.published[-1].notice == "digest"
    chats = len(office.chat.published)

    office.sns.refused = ""
    office.clock.advance(AGAIN_AFTER)
    office.sum_up()

    assert (len(office.got()), len(office.chat.published)) == (mails + 1, chats)


def test_a_notice_that_should_have_gone_before_goes_before(office: Office) -> None:
    office.store.notices["web-1", 1] = notice(1)

    office.tell(notice(2, kind=NoticeKind.RESOLVED))
    assert not announce("web-1", 1, office.edges, POLICY)

    assert [post.subject for post in office.got()] == ["subject 1;", "subject 2;"]


def test_one_for_whom_messages_wait_keeps_none_of_them_from_another(office: Office) -> None:
    office.tell(notice(1), notice(2), notice(3, tier=Tier.SECOND))

    assert [post.subject for post in office.chat.published] == ["subject 1;", "subject 2;"]
    assert [post.subject for post in office.got("bob")] == ["subject 3;"]


def test_beyond_the_limit_they_are_summed_up_and_machines_hear_of_each(office: Office) -> None:
    office.policy = NO_STORM
    office.tell(*(notice(n) for n in range(1, 6)))

    assert [post.media for post in office.got()[2:]] == [(Medium.HTTPS,)] * 3
    assert office.reminders.asked == [("ann", after(minutes=10), NOON)]
    assert all(office.store.published_at("web-1", n) for n in range(1, 6)), "what waits is not sent again by the sweep"

    office.clock.advance(timedelta(minutes=10))
    assert office.sum_up() == 3

    assert office.mail.outbox("ann").due_at() is None
    digest = office.got()[-1]
    assert digest.subject == "[Defib] 3 more messages since 12:00 UTC"
    assert "web-1  subject 5; (2 before it)" in digest.email
    assert office.chat.published[-1].notice == "digest"
    assert office.sum_up() == 0


def test_a_notice_that_has_waited_is_read_once_though_it_is_delivered_again_afterwards(office: Office) -> None:
    office.policy = NO_STORM
    office.tell(notice(1), notice(2))
    office.sns.error = Transient("no answer to the machine, which waits for nothing")
    office.tell(notice(3))
    office.sns.error = None
    office.clock.advance(timedelta(minutes=10))

    office.sum_up()
    office.alone()

    assert [post.media for post in office.got() if "subject 3;" in post.subject] == [(Medium.EMAIL,), (Medium.HTTPS,)]


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


QUIET = (Maintenance(at="11:00", lasts=timedelta(hours=9), days=DAYS),)


def test_what_is_low_waits_for_the_morning(office: Office) -> None:
    office.policy = replace(POLICY, contacts=(replace(ANN, quiet=QUIET), BOB, EVE))
    office.tell(notice(1, Severity.LOW), notice(2, Severity.LOW), notice(3, Severity.URGENT))

    assert [post.subject for post in office.chat.published] == ["subject 3;"]

    office.clock.advance(timedelta(hours=8))
    assert office.sum_up() == 2
    assert "quiet hours" in office.got()[-1].email


def test_more_than_one_message_holds_are_two_in_the_morning(office: Office) -> None:
    office.policy = replace(POLICY, contacts=(replace(ANN, quiet=QUIET), BOB, EVE))
    office.tell(*(notice(1, Severity.LOW, incident_id=f"s{n}-1") for n in range(DIGEST_MAX + 3)))
    office.clock.advance(timedelta(hours=8))

    assert office.sum_up() == DIGEST_MAX + 3
    assert len(office.chat.published) == 2


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
