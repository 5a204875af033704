"""What people are told of who can't be reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.medium import Medium
from defib.core.reach import (
    PENDING_FOR,
    TO_CONFIRM,
    Address,
    Finding,
    Problem,
    Reach,
    Standing,
    Topic,
    findings,
    merged,
)
from defib.core.reach_news import forgotten_at, remedy, shown, tell
from defib.core.words import SMS_MAX, SUBJECT_MAX
from tests.core.facts import NOON, after
from tests.core.subscribed import ADDRESSES, GOOD, MAIL, PHONE, POLICY, reach, with_standing


def test_a_new_problem_is_told_once_with_the_address_and_what_to_do() -> None:
    before = reach(replace(GOOD, opted_out=(PHONE,)))

    told, incident, notice = tell(before, None, POLICY, NOON)

    assert notice is not None
    assert notice.subject == f"[Defib] {PHONE} gets nothing: opted out"
    assert f"aws sns opt-in-phone-number --phone-number {PHONE}" in notice.body
    assert notice.sms == f"Defib: {PHONE} gets nothing: opted out. Opt it in again with SNS."
    assert told.incident == 1
    assert tell(told, incident, POLICY, after(hours=1)) == (told, None, None)


def test_whoever_was_just_subscribed_has_a_moment_to_open_the_mail() -> None:
    just_now = reach(with_standing(Standing.PENDING))

    assert tell(just_now, None, POLICY, NOON) == (just_now, None, None)
    _, _, notice = tell(just_now, None, POLICY, NOON + TO_CONFIRM)
    assert notice is not None
    assert "02 May 12:00 UTC" in notice.body, "that is when SNS forgets it"


def test_a_second_problem_is_told_in_the_same_thread_with_the_first() -> None:
    told, incident, _ = tell(reach(replace(GOOD, opted_out=(PHONE,))), None, POLICY, NOON)
    both = findings(ADDRESSES, replace(GOOD, opted_out=(PHONE,), spent_usd=10.0), 80, after(hours=1))
    worse = replace(told, findings=merged(told.findings, both, {}))

    after_both, again, notice = tell(worse, incident, POLICY, after(hours=1))

    assert notice is not None
    assert again is not None
    assert (again.id, notice.sequence) == ("defib:contacts-1", 2)
    assert "the month's quota is spent ($10.00 of $10.00)" in notice.subject
    assert "opted out" not in notice.subject
    assert f"{PHONE} (contact oncall) has opted out" in notice.body
    assert all(finding.told for finding in after_both.findings)


def test_when_the_last_problem_is_over_people_hear_it_once() -> None:
    told, incident, _ = tell(reach(replace(GOOD, opted_out=(PHONE,))), None, POLICY, NOON)

    over, resolved, notice = tell(replace(told, findings=()), incident, POLICY, after(hours=2))

    assert notice is not None
    assert resolved is not None
    assert notice.kind == "resolved"
    assert "can be reached again after 2h" in notice.subject
    assert (over.incident, resolved.resolved_at) == (0, after(hours=2))
    assert tell(over, resolved, POLICY, after(hours=3)) == (over, None, None)


def test_the_next_trouble_is_a_new_incident() -> None:
    told, incident, _ = tell(reach(replace(GOOD, opted_out=(PHONE,))), None, POLICY, NOON)
    over, resolved, _ = tell(replace(told, findings=()), incident, POLICY, after(hours=2))
    again = replace(over, findings=findings(ADDRESSES, replace(GOOD, spent_usd=10.0), 80, after(hours=9)))

    _, second, _ = tell(again, resolved, POLICY, after(hours=9))

    assert second is not None
    assert (second.id, second.opened_at) == ("defib:contacts-2", after(hours=9))


def test_that_nobody_of_a_contact_can_be_reached_is_said_first() -> None:
    _, _, notice = tell(reach(replace(with_standing(None), opted_out=(PHONE,))), None, POLICY, NOON)

    assert notice is not None
    assert notice.subject.startswith("[Defib] nobody at contact oncall can be reached: ")


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_has_a_remedy_and_fits_its_media(problem: Problem) -> None:
    endpoint = {Problem.SPENT: "", Problem.SPENDING: ""}.get(problem, "a.long.name@engineering.example.com")
    topics = (Topic.INCIDENTS,) if problem in (Problem.UNCONFIRMED, Problem.UNSUBSCRIBED) else ()
    one = Finding(problem, Medium.EMAIL, endpoint, "oncall", NOON, topics, detail="$1.00 of $1.00")

    _, _, notice = tell(Reach(findings=(one,)), None, POLICY, after(days=1))

    assert notice is not None
    assert remedy(one, forgotten_at(one)) in notice.body
    assert len(notice.subject) <= SUBJECT_MAX
    assert len(notice.sms) <= SMS_MAX
    assert "..." not in notice.subject + notice.sms


@pytest.mark.parametrize("standing", [Standing.PENDING, Standing.DELETED])
def test_whoever_is_to_confirm_by_mail_reads_how_no_scanner_can_undo_it(standing: Standing) -> None:
    _, _, notice = tell(reach(with_standing(standing)), None, POLICY, NOON + TO_CONFIRM)

    assert notice is not None
    assert notice.body.count("aws sns confirm-subscription --region REGION --topic-arn TOPIC_ARN --token TOKEN") == 1
    assert "--authenticate-on-unsubscribe true" in notice.body


def test_where_no_mail_is_waited_for_nothing_is_said_of_scanners() -> None:
    _, _, notice = tell(reach(replace(GOOD, opted_out=(PHONE,))), None, POLICY, NOON)

    assert notice is not None
    assert "confirm-subscription" not in notice.body


def test_a_contact_of_one_address_can_carry_out_what_is_said_too() -> None:
    lost = Finding(Problem.UNSUBSCRIBED, Medium.EMAIL, MAIL, "oncall", NOON, (Topic.INCIDENTS,))

    assert "where its contact has no other, put another in its place" in remedy(lost)


def test_no_message_shows_what_is_secret_in_a_webhooks_address() -> None:
    hook = "https://user:pass@events.example.com/integration/SECRET/enqueue?token=SECRET"
    one = Finding(Problem.UNCONFIRMED, Medium.HTTPS, hook, "pager", NOON, (Topic.INCIDENTS,))

    _, _, notice = tell(Reach(findings=(one,)), None, POLICY, after(days=1))

    assert notice is not None
    assert shown(one) == "https://events.example.com/..."
    assert "SECRET" not in notice.subject + notice.body + notice.sms
    assert "SubscribeURL" in notice.body


def test_sns_waits_two_days_for_a_confirmation() -> None:
    address = Address(Topic.INCIDENTS, Medium.EMAIL, MAIL, "oncall")

    assert forgotten_at(Finding(Problem.UNCONFIRMED, address.medium, MAIL, "oncall", NOON)) == NOON + PENDING_FOR
    assert timedelta(days=2) == PENDING_FOR
