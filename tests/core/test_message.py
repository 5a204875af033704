"""Messages fit to read at 3 a.m., and fit for the medium that carries them."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import datetime

import pytest

from defib.core.approval import Approval, Choice
from defib.core.asking import command
from defib.core.case import Action, Attempt, Case, Outcome
from defib.core.fall import Fall
from defib.core.incident import Incident, Member, Notice, NoticeKind, Phase
from defib.core.message import compose
from defib.core.model import Cause, Verdict
from defib.core.news import News
from defib.core.policy import ApplicationRemedy, Mode, Service
from defib.core.severity import Severity
from defib.core.words import plain
from tests.core.facts import NOON, POLICY, REGION, SERVICE, after, attempt, case

ONE_SMS = 140
"""Characters (SNS Developer Guide, Publishing to a mobile phone): written out, so that a test fails with the limit."""
SUBJECT = 99
"""Characters (SNS API, Publish, Subject)."""

EVIDENCE = attempt(Action.EVIDENCE)
GSM_ASCII = set(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz[]{}|~^\\`")


def member(name: str, phase: Phase = Phase.REPAIRING) -> Member:
    return Member(f"{name}-1", name, name, "us-east-1a", Cause.INSTANCE_IMPAIRED, NOON, phase)


def incident(*members: Member) -> Incident:
    return Incident("web", 7, NOON, members=members or (member("i-0aa1"),))


def notice(news: News, so_far: Case, service: Service = SERVICE, of: Incident | None = None) -> Notice:
    return compose(of or incident(), so_far, news, service, POLICY, after(minutes=1))[1]


OPENED = case(EVIDENCE, evidence=("instance status check impaired since 12:00:00 UTC",))
CLOSED = case(
    EVIDENCE,
    attempt(Action.REBOOT),
    closed_at=after(minutes=11, seconds=5),
    outcome=Outcome.HEALED,
    reason="the reboot cured it",
)


def test_the_opening_e_mail_says_what_where_since_when_what_is_done_and_what_to_do() -> None:
    opening = notice(News.OPENED, OPENED)

    assert opening.subject == "[Defib web] web-2 fails its instance check since 12:00 UTC"
    assert opening.body.splitlines()[:6] == [
        "web-2 (i-0aa1) fails its instance check since 12:00 UTC.",
        "What is wrong:    its instance status check fails (instance status check impaired since 12:00:00 UTC).",
        "Where:            service web, us-east-1b, i-0aa1.",
        "Since:            30 April 2026 12:00:00 UTC, confirmed 12:00:00 UTC.",
        "What Defib does:  Defib reboots it; if that has not helped after 3m, it stops and starts it on another host.",
        "What you must do: Nothing now. Defib tells you when it works again, or if it needs you.",
    ]


def test_the_opening_sms_is_complete_in_itself() -> None:
    assert notice(News.OPENED, OPENED).sms == (
        "Defib web: web-2 (us-east-1b) fails its instance check since 12:00 UTC. Rebooting it. Nothing for you to do."
    )


def test_the_closing_notice_gives_the_duration_and_the_cure() -> None:
    closing = notice(News.CLOSED, CLOSED, of=incident(member("i-0aa1", Phase.CLOSED)))

    assert closing.subject == "[Defib web] resolved: web-2 works again after 11m5s: the reboot cured it"
    assert "What was wrong:   its instance status check fails." in closing.body
    assert "What you must do: Nothing." in closing.body


def test_a_closing_notice_of_one_among_others_says_who_is_left() -> None:
    others = incident(member("i-0aa1", Phase.CLOSED), *(member(f"web-{n}") for n in range(12)))

    body = notice(News.CLOSED, CLOSED, of=others).body

    assert "12 of 13 instances still in trouble (web-0, web-1," in body
    assert "and 2 more" in body


def test_an_escalation_says_what_a_person_should_do() -> None:
    handed = case(EVIDENCE, handed_over_at=NOON, reason="nothing helps", ask="Replace it.")
    escalation = notice(News.ESCALATED, handed)

    assert escalation.subject.startswith("[Defib web] NEEDS YOU: web-2")
    assert "What you must do: Replace it." in escalation.body
    assert "Please look now." in escalation.sms


def test_a_refusal_says_what_defib_would_have_done_and_why_it_did_not() -> None:
    held = case(EVIDENCE, held_by="minimum_healthy", held_action=Action.STOP, reason="only 0 others are healthy")
    body = notice(News.HELD, held).body

    assert "only 0 others are healthy" in body
    assert "It would have stopped it and started it on another host." in body


def test_of_a_month_of_starts_in_vain_an_e_mail_has_the_first_and_the_newest_and_still_fits() -> None:
    full = replace(
        attempt(Action.START, verdict=Verdict.RETRY, code="InsufficientInstanceCapacity"), reason="once more"
    )
    assert full.result is not None
    full = replace(full, result=replace(full.result, detail="no room " * 60))
    healed = replace(
        case(EVIDENCE, attempt(Action.STOP), *(full,) * 400), closed_at=after(days=30), outcome=Outcome.HEALED
    )

    body = notice(News.CLOSED, healed).body

    lines = body.partition("Actions on web-2\n")[2].partition("\n\n")[0].splitlines()
    assert ("evidence: " in lines[0], "stop: " in lines[1], len(lines)) == (True, True, 26)
    assert lines[10] == "  ... 377 more, as they stand in the trail of case i-0aa1-1 ..."
    # An e-mail's text stands three times in what is published, of at most 256 KiB (SNS API, Publish, Message).
    assert len(body.encode()) < 256 * 1024 / 3 / 2


def test_in_observe_mode_people_are_told_to_act_themselves() -> None:
    opening = notice(News.OPENED, OPENED, replace(SERVICE, mode=Mode.OBSERVE))

    assert "Nothing: service web is in observe mode. In heal mode: Defib reboots it" in opening.body
    assert "What you must do: Act yourself" in opening.body


ASKED = replace(OPENED, approval=Approval(NOON, after(minutes=30)), held_by="approval", held_action=Action.REBOOT)


def test_the_question_says_what_would_be_done_until_when_and_how_to_answer() -> None:
    asked = notice(News.ASKING, ASKED, replace(SERVICE, mode=Mode.APPROVE))
    lines = asked.body.splitlines()

    assert asked.kind is NoticeKind.APPROVAL
    assert asked.subject == "[Defib web] APPROVE? web-2 fails its instance check: your yes or no by 12:30 UTC"
    assert "Nothing without your yes. With it: Defib reboots it; if that has not helped after 3m, it" in asked.body
    assert "What you must do: Say yes or no by 30 April 12:30:00 UTC. By command, with your name in it:" in asked.body
    assert command(ASKED, Choice.APPROVE, REGION) in lines[lines.index(next(x for x in lines if x.startswith("Yes: ")))]
    assert command(ASKED, Choice.REJECT, REGION) in lines[lines.index(next(x for x in lines if x.startswith("No: ")))]
    assert asked.sms == (
        "Defib web: web-2 fails its instance check: your yes or no by 12:30 UTC. Plan: Rebooting it. "
        "The e-mail says how to answer."
    )


def test_the_question_of_the_longest_cause_still_fits_an_sms() -> None:
    down = replace(ASKED, cause=Cause.APPLICATION_DOWN, name="web-server-0017")

    assert not notice(News.ASKING, down, replace(SERVICE, mode=Mode.APPROVE)).sms.endswith("...")


def test_the_command_is_one_that_the_shell_and_eventbridge_understand() -> None:
    words = shlex.split(command(ASKED, Choice.APPROVE, REGION))
    (entry,) = json.loads(words[-1])

    assert words[:-1] == ["aws", "events", "put-events", "--region", "us-east-1", "--entries"]
    assert (entry["Source"], entry["DetailType"]) == ("defib.operator", "Approval")
    assert json.loads(entry["Detail"]) == {"case": "i-0aa1-1", "answer": "approve", "by": "YOUR NAME"}


def test_before_it_asks_the_opening_message_says_that_it_will() -> None:
    opening = notice(News.OPENED, OPENED, replace(SERVICE, mode=Mode.APPROVE))

    assert "Before it changes anything it asks you, and goes on only with your yes." in opening.body
    assert opening.sms.endswith("Defib asks you before it acts.")


def test_of_what_defib_only_tells_people_do_not_read_at_first_that_nothing_is_to_be_done() -> None:
    down = case(EVIDENCE, cause=Cause.APPLICATION_DOWN)
    opening = notice(News.OPENED, down, replace(SERVICE, application_down=ApplicationRemedy.TELL))

    assert "What you must do: Look at it. Defib asks you next, with the evidence." in opening.body.splitlines()
    assert "Nothing" not in opening.sms


def test_a_yes_is_said_with_who_gave_it() -> None:
    given = replace(ASKED, approval=Approval(NOON, after(minutes=30), Choice.APPROVE, after(minutes=2), "Ann"))
    said = notice(News.APPROVED, given, replace(SERVICE, mode=Mode.APPROVE))

    assert said.kind is NoticeKind.PROGRESS
    assert said.subject == "[Defib web] web-2 may be repaired, says Ann"


def test_a_failed_start_names_the_error() -> None:
    failed = case(EVIDENCE, attempt(Action.START, verdict=Verdict.RETRY, code="InsufficientInstanceCapacity"))

    assert "could not be started: InsufficientInstanceCapacity" in notice(News.START_FAILED, failed).subject
    silent = case(EVIDENCE, attempt(Action.START, verdict=Verdict.RETRY))
    assert "could not be started: AWS gives no reason" in notice(News.START_FAILED, silent).subject


@pytest.mark.parametrize(
    ("verdict", "code", "words"),
    [
        (Verdict.RETRY, "InsufficientInstanceCapacity", "becomes a m8g.large: no room for a m6g.large"),
        (Verdict.REFUSED, "Unsupported", "becomes a m8g.large: AWS does not start a m6g.large"),
        (Verdict.REFUSED, "InvalidParameterCombination", "becomes a m8g.large: AWS does not start a m6g.large"),
    ],
)
def test_a_change_of_its_type_names_the_type_before_and_why_it_does_not_start(
    verdict: Verdict, code: str, words: str
) -> None:
    first, second = (replace(attempt(Action.RESIZE), to=to) for to in ("m6g.large", "m8g.large"))
    changed = case(
        EVIDENCE, first, attempt(Action.START, verdict=verdict, code=code), second, instance_type="m7g.large"
    )

    assert words in notice(News.RESIZED, changed).subject


def test_evidence_is_linked_or_its_absence_explained() -> None:
    def body(*attempts: object) -> str:
        return notice(News.OPENED, case(*attempts)).body  # type: ignore[arg-type]  # a table of attempts

    done = attempt(Action.EVIDENCE)
    assert done.result is not None
    linked = replace(done, result=replace(done.result, detail="s3://evidence/web/i-0aa1-1/1/"))
    assert "Evidence:         s3://evidence/web/i-0aa1-1/1/" in body(linked)
    assert "Evidence:         not captured (lost)" in body(attempt(Action.EVIDENCE, verdict=Verdict.LOST))
    assert "Evidence:" not in body()


OUTCOMES = [
    (Outcome.RECOVERED, "works again"),
    (Outcome.TERMINATED, "has been terminated"),
    (Outcome.REPLACED, "is being replaced"),
    (Outcome.LEFT_ALONE, "is left alone"),
    (Outcome.HANDED_OVER, "is no longer watched"),
    (Outcome.HEALED, "works again"),
]


@pytest.mark.parametrize(("outcome", "words"), OUTCOMES)
def test_each_outcome_has_its_words(outcome: Outcome, words: str) -> None:
    assert words in notice(News.CLOSED, replace(CLOSED, outcome=outcome)).subject


def test_one_that_is_left_stopped_is_said_to_be_stopped_and_to_be_started_by_people() -> None:
    left = notice(News.CLOSED, replace(CLOSED, outcome=Outcome.LEFT_ALONE, cause=Cause.STOPPED_UNASKED))

    assert "is STOPPED and left alone" in left.subject
    assert "What you must do: Start it, if it should run." in left.body


STOPPED_AT_NOON = (EVIDENCE, attempt(Action.STOP))
STARTED_SINCE = (*STOPPED_AT_NOON, attempt(Action.START))


@pytest.mark.parametrize(
    ("attempts", "cause", "closed_at", "words"),
    [
        (STOPPED_AT_NOON, Cause.STOPPING, after(minutes=1), "is being STOPPED and left alone"),
        (STOPPED_AT_NOON, Cause.STUCK_STOPPING, after(minutes=9), "is being STOPPED and left alone"),
        (STOPPED_AT_NOON, Cause.INSTANCE_IMPAIRED, after(seconds=1), "is being STOPPED and left alone"),
        (STOPPED_AT_NOON, Cause.INSTANCE_IMPAIRED, after(minutes=1), "is left alone"),
        (STOPPED_AT_NOON, Cause.STOPPED_BY_PERSON, after(seconds=1), "is left alone"),
        (STARTED_SINCE, Cause.STOPPING, after(minutes=1), "is left alone"),
        ((EVIDENCE,), Cause.STOPPING, after(minutes=1), "is left alone"),
    ],
    ids=[
        "its stop is under way",
        "its stop hangs",
        "EC2 may not show its stop yet",
        "somebody has started it",
        "a person has stopped it",
        "another has stopped what Defib had started",
        "Defib has not stopped it",
    ],
)
def test_one_that_is_left_while_defib_stops_it_is_said_to_be_stopping(
    attempts: tuple[Attempt, ...], cause: Cause, closed_at: datetime, words: str
) -> None:
    left = case(*attempts, cause=cause, closed_at=closed_at, outcome=Outcome.LEFT_ALONE, reason="it is not ours")

    said = notice(News.CLOSED, left)
    assert f"web-2 {words}" in said.subject
    assert (said.severity is Severity.HIGH) is ("STOPPED" in words), "what nobody starts does not wait for the morning"


@pytest.mark.parametrize("news", list(News))
@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("name", ["web-2", "n" * 300, "Ünïcode ☠ web\r\nBcc: everyone@example.com"])
def test_every_message_fits_its_medium_and_stays_on_its_line(news: News, cause: Cause, name: str) -> None:
    so_far = replace(CLOSED, name=name, cause=cause, held_action=Action.STOP, held_by="x", reason="because\nof this")
    so_far = replace(
        so_far, attempts=(*so_far.attempts, replace(attempt(Action.START, verdict=Verdict.RETRY), number=3))
    )
    fell = Fall(so_far.id, so_far.instance_id, name, NOON, NOON, told=True)
    made = notice(news, so_far, of=replace(incident(), falls=(fell,)))

    assert len(made.subject) <= SUBJECT
    assert "\n" not in made.subject
    assert "\r" not in made.subject
    assert len(made.sms) <= ONE_SMS
    assert set(made.sms) <= GSM_ASCII


def test_a_text_too_long_ends_in_dots() -> None:
    assert plain("abc   def\n", 20) == "abc def"
    assert plain("abcdefghij", 8) == "abcde..."
