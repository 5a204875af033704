"""Times in messages: what lasts for days says of which day a time is, and what is over within one does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.answer.facts import facts_of, on_it
from defib.core.approval import Approval
from defib.core.bulletin import Story, compose
from defib.core.call import CallAnswer, Reaction
from defib.core.call_news import escalate, heard
from defib.core.case import Action
from defib.core.contact import Contact
from defib.core.digest import storm_over, summed_up
from defib.core.incident import Incident, NoticeKind
from defib.core.medium import Medium
from defib.core.message import compose as told_of
from defib.core.news import News
from defib.core.outbox import Lane, Outbox, Waiting
from defib.core.post import Places
from defib.core.severity import Severity
from defib.core.words import SMS_MAX
from tests.core.calls import BROKEN, HANDED, ON_IT, POLICY, WEB, call_of, called, incident_of
from tests.core.facts import NOON, after, attempt, case

LATER = after(days=2, hours=13)
ANN = Contact("ann", email=("ann@example.com",), sms=("+12025550123",))
WAITS = Waiting(
    "ann", Lane.QUIET, NOON, "web-1", 3, NoticeKind.OPENED, Severity.LOW, "web-2 fails", "web", (Medium.EMAIL,)
)


@pytest.mark.parametrize(
    ("lasts", "until", "again"),
    [
        (timedelta(hours=1), "until 13:05 UTC", "again at 13:05 UTC"),
        (timedelta(days=3), "until 03 May 12:05 UTC", "again on 03 May 12:05 UTC"),
    ],
)
def test_who_puts_it_off_for_days_is_told_on_which_it_is_asked_again(lasts: timedelta, until: str, again: str) -> None:
    broken = incident_of((BROKEN, HANDED))
    after_all, said = heard(broken, CallAnswer(broken.id, Reaction.SNOOZE, "Ann", lasts), POLICY, after(minutes=5))

    assert until in said.subject
    assert again in said.sms
    assert len(said.sms) <= SMS_MAX
    pause = call_of(after_all).pause
    assert pause is not None
    assert again.removesuffix(" UTC") in on_it(pause)


def test_an_e_mail_of_another_day_says_of_which_its_lines_are() -> None:
    lasting = case(attempt(Action.EVIDENCE), attempt(Action.STOP), attempt(Action.START, LATER), confirmed_at=LATER)
    first, _ = told_of(Incident("web", 7, NOON), BROKEN, News.OPENED, WEB, POLICY, NOON)
    _, said = told_of(first, lasting, News.START_FAILED, WEB, POLICY, LATER)

    lines = said.body.splitlines()
    assert "Since:            30 April 2026 12:00:00 UTC, confirmed 03 May 01:00:00 UTC." in lines
    assert "  12:00:00 UTC  stop: because (done)" in lines
    assert "  03 May 01:00:00 UTC  start: because (done)" in lines
    begins = lines.index("Timeline of incident web-7, which began on 30 April 2026 (written 03 May 01:00:00 UTC)")
    assert lines[begins + 1].startswith("  12:00:00 UTC  web-2")
    assert lines[begins + 2].startswith("  03 May 01:00:00 UTC  web-2")


def test_on_its_own_day_nothing_is_dated_but_its_beginning() -> None:
    _, said = told_of(Incident("web", 7, NOON), BROKEN, News.OPENED, WEB, POLICY, after(minutes=1))

    assert said.body.count("April") == 1
    assert "Timeline of incident web-7 (written 12:01:00 UTC)" in said.body
    assert "April" not in said.sms


def test_news_of_many_services_are_dated_alike() -> None:
    story = Story("a zone is impaired", "it is", "Nothing.", "Nothing.", "Look.")
    _, said = compose(Incident("zone:us-east-1a", 1, NOON), story, NoticeKind.PROGRESS, POLICY, LATER)

    assert "which began on 30 April 2026 (written 03 May 01:00:00 UTC)\n  03 May 01:00:00 UTC  a zone" in said.body


def test_who_is_asked_since_when_and_when_again_is_said_with_the_day() -> None:
    asked, said = escalate(called(), POLICY, LATER)

    assert said is not None
    assert "Asked since 03 May" not in said.sms
    assert "  12:00:00 UTC  web-2 (i-0aa1) needs you: nothing helps." in said.body
    assert "Who is asked:     ann since 12:00:00 UTC; bob, eve since 03 May 01:00:00 UTC" in said.body
    assert "Defib asks again on 03 May 01:30:00 UTC." in said.body
    paused, answer = heard(asked, ON_IT, POLICY, LATER)
    assert "Ann is on it since 03 May 01:00:00 UTC." in answer.body
    over = replace(paused, resolved_at=LATER)
    assert dict(facts_of(over, None, LATER))["Now"].startswith("over since 03 May 01:00:00 UTC")


def test_a_text_of_the_end_says_on_which_day_it_began() -> None:
    ended = replace(BROKEN, closed_at=LATER, reason="it runs")
    _, said = told_of(Incident("web", 7, NOON), ended, News.CLOSED, WEB, POLICY, LATER)

    assert said.sms.endswith("It began on 30 April 12:00 UTC.")


def test_what_is_confirmed_on_another_day_says_since_which() -> None:
    late = replace(BROKEN, confirmed_at=after(days=1))
    _, said = told_of(Incident("web", 7, NOON), late, News.OPENED, WEB, POLICY, after(days=1))

    assert "fails its instance check since 30 April 12:00 UTC" in said.subject
    assert len(said.sms) <= SMS_MAX


def test_a_yes_that_may_come_on_another_day_says_by_which() -> None:
    asked = replace(BROKEN, held_by="approval", approval=Approval(NOON, after(hours=13)))
    _, said = told_of(Incident("web", 7, NOON), asked, News.ASKING, WEB, POLICY, NOON)

    assert "your yes or no by 01 May 01:00 UTC" in said.subject


def test_what_has_waited_overnight_is_dated_and_what_has_not_is_not() -> None:
    def post(*waiting: Waiting) -> tuple[str, str]:
        one = summed_up(waiting, ANN, POLICY, Places("", ""), LATER)
        return one.subject, one.email

    subject, email = post(WAITS, replace(WAITS, at=LATER, incident_id="web-2"))
    assert subject == "[Defib] 2 more messages since 30 April 12:00 UTC"
    assert "  30 April 12:00:00 UTC  web-1" in email
    assert "  01:00:00 UTC  web-2" in email
    blown = Outbox("ann", storm_since=NOON)
    assert "the storm since 30 April 12:00 UTC is over" in storm_over(blown, ANN, LATER).subject


@pytest.mark.parametrize("lasts", [timedelta(hours=1), timedelta(days=3)])
def test_a_name_however_long_leaves_room_for_when_it_is_asked_again(lasts: timedelta) -> None:
    answer = CallAnswer("web-7", Reaction.SNOOZE, "Maximiliane von Hohenlohe-Waldenburg-Schillingsfuerst", lasts)
    _, said = heard(called(), answer, POLICY, after(minutes=5))

    assert len(said.sms) <= SMS_MAX
    assert "UTC if it is not over." in said.sms
