"""Answers by a link as API Gateway brings them: what people do, and what they read, over real HTTP events."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import time_machine

from tests.aws.fleet import Overlay
from tests.handlers.links import YES, Answers, offered, title, words
from tests.handlers.questions import ABOUT_A_CALL, ABOUT_A_REPAIR, called, handed_over, held, later, waiting
from tests.handlers.stage import Stage

# What people do


def test_opening_a_link_shows_what_is_asked_since_when_and_how_it_stands_now(answers: Answers) -> None:
    with time_machine.travel(later(minutes=6), tick=False):
        answer = answers.get(answers.token())

    assert answer["statusCode"] == 200
    assert title(answer) == "May Defib repair web-1?"
    text = words(answer)
    assert "its instance status check fails" in text
    assert "30 April 2026 11:58:30 UTC (7m ago)" in text
    assert "waits for a yes" in text
    assert "Defib reboots it; if that has not helped after 3m, it stops and starts it on another host." in text
    assert "By 12:30 UTC (in 24m) it is left to you." in text
    assert "web-7" in text
    assert "sent to oncall" in text
    assert "12:00:00 UTC noticed" in text
    assert offered(answer) == ["approve", "reject"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_a_link_changes_nothing_however_often(answers: Answers, method: str) -> None:
    before = answers.items()

    for _ in range(3):
        assert answers.get(answers.token(), method)["statusCode"] == 200

    assert answers.items() == before
    assert answers.said() == []


def test_a_yes_is_said_on_the_bus_once_and_remembered_with_its_name(answers: Answers) -> None:
    answer = answers.post(answers.token(), "approve")

    assert (answer["statusCode"], title(answer)) == (200, "Thank you, Ada.")
    assert "You said: yes, repair it, about web-1." in words(answer)
    assert answers.said() == [YES]
    (use,) = (item for item in answers.items() if item["pk"]["S"].startswith("LINK#"))
    assert (use["say"]["S"], use["by"]["S"], use["said_at"]["S"]) == ("approve", "Ada", "2026-04-30T12:00:00Z")
    assert "passed_on_at" in use


def test_what_was_said_is_in_the_audit_of_the_case(answers: Answers, stage: Stage) -> None:
    """From the link's POST by way of the bus to the trail: the same event as a person's own command makes."""
    web = stage.launch(service="web", self_heal="true")
    link = replace(ABOUT_A_REPAIR, case_id=f"{web}-1")
    case = answers.remember(waiting(instance_id=web), replace(held(waiting(instance_id=web)), number=8))
    answers.post(answers.token(replace(link, incident_id="web-8")), "reject")
    ((detail_type, detail),) = answers.said()
    event = {
        "detail-type": detail_type,
        "source": "defib.operator",
        "account": "123456789012",
        "region": "us-east-1",
        "time": "2026-04-30T12:00:00Z",
        "detail": detail,
    }

    stage.invoke("diagnose", json.dumps(event))

    after = answers.store.latest_case(web)
    assert after is not None
    assert after.version > case.version
    (line,) = (item for item in answers.items() if item["sk"]["S"].startswith("AUDIT#"))
    assert line["approval"]["M"]["choice"]["S"] == "reject"
    assert line["approval"]["M"]["by"]["S"] == "Ada"


@pytest.mark.parametrize(
    ("say", "detail"),
    [
        ("acknowledge", {"incident": "web-7", "answer": "acknowledge", "by": "Ada"}),
        ("snooze", {"incident": "web-7", "answer": "snooze", "for": "1h", "by": "Ada"}),
    ],
)
def test_a_call_is_taken_or_put_off(answers: Answers, say: str, detail: dict[str, str]) -> None:
    answers.remember(replace(handed_over(), version=1), called(version=1))
    token = answers.token(ABOUT_A_CALL)
    assert offered(answers.get(token)) == ["acknowledge", "snooze"]

    assert answers.post(token, say)["statusCode"] == 200

    assert answers.said() == [("Approval", detail)]


def test_names_of_all_the_world_are_taken_as_they_are(answers: Answers) -> None:
    name = "Zoë Þórsdóttir 李小龍 👩🏽"

    answer = answers.post(answers.token(), "approve", name)

    assert title(answer) == f"Thank you, {name}."
    assert answers.said() == [("Approval", {**YES[1], "by": name})]


def test_a_name_is_shown_escaped(answers: Answers) -> None:
    answer = answers.post(answers.token(), "approve", "<script>alert(1)</script>")

    assert "<script" not in answer["body"]
    assert title(answer) == "Thank you, <script>alert(1)</script>."


NO_NAMES = (
    ("", "Please say who you are."),
    ("   ", "Please say who you are."),
    ("\u202e\u200b", "Please say who you are."),
    ("a" * 81, "at most 80 characters"),
    ("Ada\r\nSet-Cookie: a=b", "one line of printable characters"),
    ("Ada\x00", "one line of printable characters"),
    ("Ada\ue000", "one line of printable characters"),
)
"""Each with what the person reads."""


def test_what_is_no_name_is_asked_for_again_and_changes_nothing(answers: Answers) -> None:
    before = answers.items()
    for name, says in NO_NAMES:
        answer = answers.post(answers.token(), "approve", name)
        assert answer["statusCode"] == 400, name
        assert says in words(answer)
        assert offered(answer) == ["approve", "reject"], "it can be sent again at once"
        values = answer["headers"].values()
        assert not [value for value in values if "\r" in value or "\n" in value or "Cookie" in value]
    assert (answers.items(), answers.said()) == (before, [])


def test_characters_that_only_change_how_others_look_are_left_out(answers: Answers) -> None:
    answers.post(answers.token(), "approve", "A\u202eda\u200b  \u00a0L.")

    ((_, detail),) = answers.said()
    assert detail["by"] == "Ada L."


# Once


def test_the_same_answer_again_has_been_said_already(answers: Answers) -> None:
    token = answers.token()
    answers.post(token, "approve")
    answers.said()

    answer = answers.post(token, "approve", "Grace")

    assert (answer["statusCode"], title(answer)) == (200, "This has been said already.")
    assert "Ada said at 12:00:00 UTC: yes, repair it." in words(answer)
    assert answers.said() == []


def test_another_answer_by_the_same_link_is_refused(answers: Answers) -> None:
    token = answers.token()
    answers.post(token, "approve")
    answers.said()
    before = answers.items()

    answer = answers.post(token, "reject", "Mallory")

    assert (answer["statusCode"], title(answer)) == (409, "This link has been used.")
    assert "Ada said at 12:00:00 UTC: yes, repair it. Your answer has changed nothing" in words(answer)
    assert (answers.items(), answers.said()) == (before, [])


def test_a_used_link_that_is_opened_again_says_so_and_offers_nothing(answers: Answers) -> None:
    token = answers.token()
    answers.post(token, "approve")

    answer = answers.get(token)

    assert (answer["statusCode"], title(answer), offered(answer)) == (200, "This link has been used.", [])


def test_of_two_answers_at_the_same_moment_one_counts(answers: Answers) -> None:
    """Both have read that the link is unused when the first of them writes."""
    token = answers.token()
    answers.meanwhile(lambda: answers.post(token, "reject", "Grace"))

    answer = answers.post(token, "approve")

    assert (answer["statusCode"], title(answer)) == (409, "This link has been used.")
    assert [detail["answer"] for _, detail in answers.said()] == ["reject"]


def test_what_was_remembered_but_not_passed_on_is_finished_by_the_same_answer(answers: Answers) -> None:
    token = answers.token()
    answers.bus.refusals["PutEvents"] = "InternalFailure"

    answer = answers.post(token, "approve")

    assert (answer["statusCode"], title(answer), offered(answer)) == (503, "Please say it again.", ["approve"])
    assert answer["headers"]["retry-after"] == "5"
    assert offered(answers.get(token)) == ["approve"], "whoever opens the link again can finish it too"
    assert answers.post(token, "reject", "Mallory")["statusCode"] == 409
    answers.said()
    answers.bus.refusals.clear()
    assert title(answers.post(token, "approve", "Grace")) == "Thank you, Ada.", "it is Ada's answer that is passed on"
    assert answers.said() == [YES]
    assert title(answers.post(token, "approve")) == "This has been said already."


def test_an_event_that_the_bus_does_not_take_is_not_passed_on(answers: Answers) -> None:
    answers.bus.answers["PutEvents"] = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}

    assert answers.post(answers.token(), "approve")["statusCode"] == 503


def test_a_table_that_does_not_answer_is_told_and_nothing_is_said(answers: Answers) -> None:
    edges, _, _ = answers.module._built()
    Overlay(refusals={"GetItem": "InternalServerError"}).lay_over(edges.links._dynamodb)

    answer = answers.post(answers.token(), "approve")

    assert (answer["statusCode"], title(answer)) == (503, "Defib can't look this up just now.")
    assert answers.said() == []


def test_a_message_that_is_sent_twice_has_one_link(answers: Answers) -> None:
    assert answers.token() == answers.token()
    answers.post(answers.token(), "approve")
    assert answers.post(answers.token(), "reject")["statusCode"] == 409
