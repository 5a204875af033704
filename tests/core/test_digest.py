"""What one message says of many: how many, why, and each by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from defib.core.answer.mail import AnswerLink
from defib.core.contact import Contact
from defib.core.digest import DIGEST_MAX, WAITING_MAX, batch_of, storm_over, summed_up
from defib.core.incident import NoticeKind
from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox, Waiting
from defib.core.post import Places, Post
from defib.core.severity import Severity
from defib.core.words import SMS_MAX, SUBJECT_MAX
from tests.core.facts import NOON, POLICY, after

ANN = Contact("ann", email=("ann@example.com",), sms=("+12025550123",))
PLACES = Places("arn:aws:sns:us-east-1:123456789012:Incidents", "https://status.example.com")
ONE = Waiting(
    "ann",
    Lane.LIMIT,
    NOON,
    "web-1",
    3,
    NoticeKind.OPENED,
    Severity.HIGH,
    "[Defib web] web-2 fails its instance check",
    "web",
    (Medium.EMAIL, Medium.SMS),
)
OTHER = replace(
    ONE, at=after(minutes=3), incident_id="db-4", service="db", kind=NoticeKind.RESOLVED, subject="db is well"
)
CALL = replace(ONE, lane=Lane.STORM, severity=Severity.URGENT, kind=NoticeKind.ESCALATED)


def digest(*waiting: Waiting) -> Post:
    return summed_up(waiting, ANN, POLICY, PLACES, after(minutes=10))


def test_it_says_how_many_since_when_why_and_names_each() -> None:
    post = digest(ONE, OTHER)

    assert post.subject == "[Defib] 2 more messages since 12:00 UTC"
    assert "Why in one:       you had 10 messages within 10m; more come as one." in post.email
    assert "By kind:          1 opened, 1 resolved." in post.email
    assert "By service:       1 web, 1 db." in post.email
    assert "  12:00:00 UTC  web-1  web-2 fails its instance check" in post.email
    assert "  12:03:00 UTC  db-4  db is well" in post.email
    assert post.sms == "Defib: 2 more messages since 12:00 UTC: web, db. The e-mail names each."
    assert (post.service, post.incident_id, post.notice) == ("several", "several", "digest")


def test_many_that_ask_for_somebody_say_so_first_and_how_to_answer() -> None:
    post = digest(CALL, replace(CALL, incident_id="web-2"))

    assert post.subject == "[Defib] NEEDS YOU: 2 more ask for somebody since 12:00 UTC"
    assert "more than 2 came within a minute. While that lasts they come together, 4m apart at most." in post.email
    assert '\\"incident\\": \\"web-1\\", \\"answer\\": \\"acknowledge\\"' in post.email
    assert post.severity is Severity.URGENT


def test_an_sms_counts_only_what_is_worth_a_text() -> None:
    quiet = replace(ONE, media=(Medium.EMAIL,), service="quiet")

    assert digest(ONE, quiet).sms.startswith("Defib: 1 more message since 12:00 UTC: web.")


LINK = AnswerLink("https://abc123def4.execute-api.ap-southeast-2.amazonaws.com/a/2.AbCdEfGhIjKlMnOpQrStUv", NOON)
TEXTS = replace(ANN, email=())


def test_what_asks_for_somebody_is_counted_by_incident_and_stands_first() -> None:
    post = digest(replace(OTHER, at=NOON), replace(CALL, at=after(minutes=1)), replace(CALL, sequence=4))

    assert post.subject == "[Defib] NEEDS YOU: 1 more asks for somebody since 12:00 UTC, 1 other message"
    lines = [line for line in post.email.splitlines() if "UTC  " in line]
    assert [line.split("  ")[2] for line in lines] == ["web-1", "db-4"]
    assert "(1 before it)" in lines[0]


def test_an_sms_that_asks_names_those_that_ask() -> None:
    assert (
        digest(CALL, OTHER).sms
        == "Defib: NEEDS YOU: 1 more asks for somebody since 12:00 UTC: web. The e-mail names each."
    )


def test_all_can_be_taken_on_one_page() -> None:
    email = summed_up((CALL,), ANN, POLICY, PLACES, NOON, LINK).email

    assert "Say that you are on all of them on this page, once, by 30 April 12:00 UTC" in email
    assert f"\n                  {LINK.url}\n" in email


def test_where_nothing_asks_no_page_takes_it() -> None:
    assert LINK.url not in summed_up((ONE, OTHER), ANN, POLICY, PLACES, NOON, LINK).email


@pytest.mark.parametrize("many", [1, 2, 30, DIGEST_MAX])
@pytest.mark.parametrize("waits", [ONE, CALL])
def test_whoever_reads_text_messages_alone_gets_the_page_of_them_all(many: int, waits: Waiting) -> None:
    waiting = [replace(waits, service=f"s{n:03}", incident_id=f"s{n:03}-1") for n in range(many)]

    text = summed_up(waiting, TEXTS, POLICY, PLACES, NOON, LINK).sms

    assert text.endswith(f"All: {LINK.url}")
    assert text.startswith(f"Defib: {many} more")
    assert len(text) <= SMS_MAX


def test_who_has_an_e_mail_too_gets_no_link_by_text() -> None:
    assert summed_up((CALL,), ANN, POLICY, PLACES, NOON, LINK).sms.endswith("The e-mail names each.")


def test_without_links_a_text_message_says_how_to_list_them_all() -> None:
    waiting = [replace(CALL, service=f"s{n:03}", incident_id=f"s{n:03}-1") for n in range(99)]

    assert "List them all: docs/operations.md" in summed_up(waiting, TEXTS, POLICY, PLACES, NOON).sms
    assert "The chat names each." in summed_up(waiting, replace(TEXTS, chat=True), POLICY, PLACES, NOON).sms


def test_a_link_that_fits_no_text_message_is_left_out_of_it() -> None:
    long = replace(LINK, url=f"https://{'answers.' * 20}example.com/")
    waiting = [replace(CALL, service=f"s{n}", incident_id=f"s{n}-1") for n in range(3)]

    assert summed_up(waiting, TEXTS, POLICY, PLACES, NOON, long).sms == "Defib: 3 more NEED YOU: 3 services"


def test_a_storm_ends_with_how_much_it_was() -> None:
    post = storm_over(Outbox("ann", storm_since=NOON, storm_digests=3, storm_notices=298), ANN, after(minutes=10))

    assert post.subject == "[Defib] the storm since 12:00 UTC is over: 298 messages came to you in 3"
    assert post.media == (Medium.EMAIL, Medium.SMS)
    assert len(post.sms) <= SMS_MAX
    assert "asked for again until somebody answers" in post.email


def test_whoever_hears_of_urgent_things_alone_is_spared_the_closing_word() -> None:
    spared = replace(ANN, sms_for=("urgent",), email_for=("urgent",))

    assert storm_over(Outbox("ann", storm_since=NOON), spared, NOON).media == ()


@pytest.mark.parametrize("many", [1, 2, 30, DIGEST_MAX])
@pytest.mark.parametrize("lane", list(Lane))
def test_every_message_fits(many: int, lane: Lane) -> None:
    waiting = [
        replace(ONE, lane=lane, service=f"{n}" * 10, incident_id=f"{'s' * 31}-{n}", subject="x" * 100)
        for n in range(many)
    ]

    post = digest(*waiting)

    assert len(post.subject) <= SUBJECT_MAX
    assert len(post.sms) <= SMS_MAX
    assert sum(f"s-{n}  x" in post.email for n in range(many)) == many
    # SNS takes 256 KiB for all texts together (API, Publish, Message).
    texts = json.dumps({"default": post.email, "email": post.email, "sms": post.sms, "https": post.email})
    assert len(texts.encode()) < 256 * 1024


def test_more_incidents_than_fit_make_another_message() -> None:
    many = [replace(ONE, incident_id=f"web-{n}") for n in range(DIGEST_MAX + 5)]

    assert len(batch_of(many)) == DIGEST_MAX


def test_many_notices_of_few_incidents_are_one_message() -> None:
    many = [replace(ONE, sequence=n) for n in range(WAITING_MAX + 1)]

    assert len(batch_of(many)) == WAITING_MAX
