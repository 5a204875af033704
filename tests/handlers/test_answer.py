"""Answers by a link as API Gateway brings them: what people do, and every attack, over real HTTP events."""

from __future__ import annotations

import ast
import inspect
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from defib.answer import token as tokens
from defib.core.answer.link import Link, Say
from defib.core.approval import Choice
from defib.core.call import Asked, Call, Pause, Reaction, Want
from defib.core.case import Outcome
from defib.core.escalation import Tier
from defib.core.incident import NoticeKind
from defib.shell.store import Remembered
from tests.aws.cases import NOON, WEB_1, WEB_2, a_notice
from tests.aws.fleet import Overlay
from tests.handlers.links import (
    ABOUT_A_CALL,
    ABOUT_A_REPAIR,
    ABOUT_BOTH,
    ASKED,
    FORM,
    Answers,
    called,
    handed_over,
    held,
    later,
    offered,
    title,
    waiting,
    words,
)
from tests.handlers.stage import LINK_KEY, Stage

YES = ("Approval", {"case": f"{WEB_1}-1", "answer": "approve", "by": "Ada"})
NEXT_KEY = "another-key-of-64-characters-that-nobody-has-seen-outside-of-here"


def asking(stage: Stage) -> Answers:
    """Deployed, and somebody has been asked."""
    made = Answers(stage)
    made.remember(waiting())
    return made


@pytest.fixture
def answers(stage: Stage) -> Answers:
    return asking(stage)


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


def asked_again(stage: Stage) -> Answers:
    """Nobody has said yes or no for a while."""
    made = Answers(stage)
    want = Want(f"{WEB_1}-1", "approval", NOON, "web-1 fails its instance check: your yes or no by 12:30 UTC")
    call = Call(NOON, NOON, later(minutes=5), (want,), (Asked(Tier.FIRST, NOON),))
    made.remember(waiting(), replace(held(waiting()), call=call))
    return made


def test_whoever_is_asked_again_for_a_yes_can_say_it_say_no_take_it_or_put_it_off(stage: Stage) -> None:
    answers = asked_again(stage)
    shown = answers.get(answers.token(ABOUT_BOTH))

    assert title(shown) == "May Defib repair web-1?"
    assert offered(shown) == ["approve", "reject", "acknowledge", "snooze"]
    answers.post(answers.token(ABOUT_BOTH), "approve")
    assert answers.said() == [YES]


def test_an_answer_to_the_call_by_that_link_is_none_to_the_repair(stage: Stage) -> None:
    answers = asked_again(stage)
    answers.post(answers.token(ABOUT_BOTH), "acknowledge")

    assert answers.said() == [("Approval", {"incident": "web-7", "answer": "acknowledge", "by": "Ada"})]


def test_that_link_counts_once_in_all(stage: Stage) -> None:
    answers = asked_again(stage)
    token = answers.token(ABOUT_BOTH)
    answers.post(token, "acknowledge")
    answers.said()

    for say in ("approve", "reject", "snooze"):
        assert (answers.post(token, say)["statusCode"], answers.said()) == (409, [])


def test_after_the_time_for_a_yes_that_link_says_everything_else(stage: Stage) -> None:
    answers = asked_again(stage)
    with time_machine.travel(ASKED.until, tick=False):
        shown = answers.get(answers.token(ABOUT_BOTH))
        assert offered(shown) == ["reject", "acknowledge", "snooze"]
        assert answers.post(answers.token(ABOUT_BOTH), "approve")["statusCode"] == 409
    assert answers.said() == []


def test_once_it_is_left_to_people_that_link_asks_who_looks_after_it(stage: Stage) -> None:
    answers = asked_again(stage)
    answers.remember(replace(handed_over(approval=ASKED), version=1), called(version=1))

    shown = answers.get(answers.token(ABOUT_BOTH))

    assert (title(shown), offered(shown)) == ("Who looks after web-1?", ["acknowledge", "snooze"])
    assert "Defib has left it to people since 12:00:00 UTC" in words(shown)


def test_that_link_expires_and_belongs_to_its_incident_and_its_case_alone(stage: Stage) -> None:
    answers = asked_again(stage)
    before = answers.items()
    wrong = (
        replace(ABOUT_BOTH, incident_id="web-8"),
        replace(ABOUT_BOTH, case_id=f"{WEB_2}-1"),
        replace(ABOUT_BOTH, case_id=""),
    )
    for link in wrong:
        for say in ("approve", "acknowledge"):
            assert answers.post(answers.token(link), say)["statusCode"] == 404
    with time_machine.travel(ABOUT_BOTH.expires_at, tick=False):
        for say in ("approve", "acknowledge"):
            assert answers.post(answers.token(ABOUT_BOTH), say)["statusCode"] == 410
    assert (answers.items(), answers.said()) == (before, [])


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
    token, quicker = answers.token(), ["Grace"]
    edges, _, _ = answers.module._built()
    overlay = Overlay()

    def first_the_quicker(_: object) -> bool:
        while quicker:
            answers.post(token, "reject", quicker.pop())
        return False

    overlay.refuse_if("PutItem", "", first_the_quicker)
    overlay.lay_over(edges.links._dynamodb)

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


# What stands by now


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"closed_at": NOON, "outcome": Outcome.RECOVERED, "reason": "it works again"}, "was closed at 12:00:00 UTC"),
        ({"handed_over_at": NOON, "reason": "nobody approved its repair within 30m"}, "Defib has left it to people"),
        (
            {"approval": replace(ASKED, choice=Choice.REJECT, answered_at=NOON, by="Grace")},
            "Grace said no at 12:00:00 UTC.",
        ),
    ],
)
def test_what_has_been_settled_otherwise_is_shown_and_takes_no_answer(
    answers: Answers, changes: dict[str, Any], says: str
) -> None:
    answers.remember(replace(waiting(**changes), version=1), replace(held(waiting()), version=1))
    before = answers.items()

    shown, tried = answers.get(answers.token()), answers.post(answers.token(), "approve")

    assert (shown["statusCode"], offered(shown)) == (200, [])
    assert says in words(shown)
    assert (tried["statusCode"], title(tried)) == (409, "There is nothing to answer any more.")
    assert "Your answer has changed nothing." in words(tried)
    assert (answers.items(), answers.said()) == (before, [])


def test_after_a_yes_by_another_way_only_a_no_is_left(answers: Answers) -> None:
    answered = replace(ASKED, choice=Choice.APPROVE, answered_at=NOON, by="Grace")
    answers.remember(replace(waiting(approval=answered), version=1), replace(held(waiting()), version=1))

    shown = answers.get(answers.token())

    assert offered(shown) == ["reject"]
    assert "Grace said yes at 12:00:00 UTC." in words(shown)
    assert answers.post(answers.token(), "approve")["statusCode"] == 409
    assert answers.post(answers.token(), "reject")["statusCode"] == 200


def test_a_call_that_somebody_has_taken_can_still_be_put_off(answers: Answers) -> None:
    call = called().call
    assert call is not None
    taken = replace(call, pause=Pause(Reaction.ACKNOWLEDGE, "Grace", NOON, later(hours=4)))
    answers.remember(replace(handed_over(), version=1), called(version=1, call=taken))

    shown = answers.get(answers.token(ABOUT_A_CALL))

    assert offered(shown) == ["snooze"]
    assert "Grace is on it since 12:00:00 UTC." in words(shown)
    assert answers.post(answers.token(ABOUT_A_CALL), "acknowledge")["statusCode"] == 409
    assert answers.post(answers.token(ABOUT_A_CALL), "snooze")["statusCode"] == 200


def test_a_call_about_an_incident_that_is_over_needs_no_answer(answers: Answers) -> None:
    answers.remember(replace(handed_over(), version=1), called(version=1, resolved_at=NOON, call=None))

    answer = answers.get(answers.token(ABOUT_A_CALL))

    assert (title(answer), offered(answer)) == ("There is nothing to answer any more.", [])


# Attacks


def tampered(token: str) -> Iterator[tuple[str, str]]:
    version, payload, signature, key = token.split(".")
    other = tokens.token_of(replace(ABOUT_A_REPAIR, incident_id="db-1"), tokens.Key(key, b"guessed" * 8))
    yield "cut off", token[:-1]
    yield "with something behind it", f"{token}x"
    yield "with an empty signature", f"{version}.{payload}..{key}"
    yield "with no signature", f"{version}.{payload}.{key}"
    yield "with a signature of another link", f"{version}.{other.split('.')[1]}.{signature}.{key}"
    yield "with another payload signed by a guessed key", other
    yield "of another version", f"2.{payload}.{signature}.{key}"
    yield "of another key", f"{version}.{payload}.{signature}.00000000"
    yield "padded", f"{version}.{payload}=.{signature}.{key}"
    yield "in capitals", token.upper()
    yield "percent-encoded", token.replace(".", "%2E")
    yield "a JSON web token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3ZWItNyJ9."
    yield "nothing at all", ""
    yield "very long", "1." + "A" * 9000 + f".{signature}.{key}"
    yield "with a new line", f"{token}%0d%0aSet-Cookie:%20a=b"
    yield "not ASCII", f"{token}é"


def test_a_tampered_link_gets_a_clear_page_and_has_no_effect(answers: Answers) -> None:
    before = answers.items()
    for how, token in tampered(answers.token()):
        for answer in (answers.get(token), answers.post(token, "approve")):
            assert (answer["statusCode"], title(answer)) == (404, "This link is not valid."), how
            assert offered(answer) == []
    assert (answers.items(), answers.said()) == (before, [])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_to_any_byte_of_a_token_is_refused(data: st.DataObject) -> None:
    key = tokens.Key("0a1b2c3d", LINK_KEY.encode())
    token = tokens.token_of(ABOUT_A_REPAIR, key)
    at = data.draw(st.integers(0, len(token) - 1))
    put = data.draw(st.one_of(st.characters(), st.sampled_from("ABCxyz019-_."), st.just("")))
    changed = token[:at] + put + token[at + 1 :]
    if changed == token:
        return
    with pytest.raises(tokens.Forged):
        tokens.link_in(changed, {key.id: key})


@given(
    st.builds(
        Link,
        st.from_regex(r"(zone:|drill:)?[a-z][a-z0-9-]{0,30}-[1-9][0-9]{0,5}", fullmatch=True),
        st.integers(0, 10**9),
        st.one_of(st.just(""), st.from_regex(r"i-[0-9a-f]{17}-[1-9][0-9]{0,8}", fullmatch=True)),
        st.lists(st.sampled_from(Say), min_size=1, max_size=4).map(tuple),
        st.one_of(st.just(""), st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)),
        st.integers(0, 10**6).map(lambda s: NOON + timedelta(seconds=s)),
    )
)
def test_a_link_comes_out_of_its_token_as_it_went_in(link: Link) -> None:
    key = tokens.Key("0a1b2c3d", LINK_KEY.encode())
    token = tokens.token_of(link, key)
    assert tokens.link_in(token, {key.id: key}) == link
    assert len(token) <= tokens.TOKEN_MAX
    assert re.fullmatch(r"[A-Za-z0-9._-]+[a-z0-9]", token), "it survives a URL and the end of a sentence"


def test_a_signature_is_compared_in_constant_time_and_by_nothing_else() -> None:
    (function,) = ast.parse(inspect.getsource(tokens.link_in)).body
    calls = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    compared = [ast.unparse(node) for node in ast.walk(function) if isinstance(node, ast.Compare)]

    assert "hmac.compare_digest" in calls
    assert not [words for words in compared if "signature" in words]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_expired_link_gets_a_clear_page_and_has_no_effect(answers: Answers, method: str) -> None:
    token, before = answers.token(), answers.items()
    with time_machine.travel(ABOUT_A_REPAIR.expires_at, tick=False):
        answer = answers.get(token) if method == "GET" else answers.post(token, "approve")

    assert (answer["statusCode"], title(answer), offered(answer)) == (410, "This link has expired.", [])
    assert "It could be used until 30 April 12:30 UTC." in words(answer)
    assert (answers.items(), answers.said()) == (before, [])


WRONG = {
    "no such incident": replace(ABOUT_A_REPAIR, incident_id="web-8"),
    "another service": replace(ABOUT_A_REPAIR, incident_id="db-7"),
    "no such instance": replace(ABOUT_A_REPAIR, case_id=f"{WEB_2}-1"),
    "another case": replace(ABOUT_A_REPAIR, case_id=f"{WEB_1}-2"),
    "about no case": replace(ABOUT_A_REPAIR, case_id=""),
}


def test_a_link_of_the_wrong_incident_gets_a_clear_page_and_has_no_effect(answers: Answers) -> None:
    before = answers.items()
    for how, link in WRONG.items():
        for answer in (answers.get(answers.token(link)), answers.post(answers.token(link), "approve")):
            assert (answer["statusCode"], title(answer)) == (404, "This link belongs to no question."), how
    assert (answers.items(), answers.said()) == (before, [])


def test_a_case_of_another_incident_is_not_answered_by_this_ones_link(answers: Answers) -> None:
    answers.remember(waiting(instance_id=WEB_2, name="web-2"), replace(held(waiting(instance_id=WEB_2)), number=8))

    answer = answers.post(answers.token(replace(ABOUT_A_REPAIR, case_id=f"{WEB_2}-1")), "approve")

    assert title(answer) == "This link belongs to no question."
    assert answers.said() == []


def test_a_link_says_only_what_it_offers(answers: Answers) -> None:
    before = answers.items()
    for say in ("acknowledge", "snooze"):
        assert answers.post(answers.token(), say)["statusCode"] == 403
    assert (answers.items(), answers.said()) == (before, [])


def test_other_methods_are_told_which_there_are(answers: Answers) -> None:
    before = answers.items()
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get"):
        answer = answers.get(answers.token(), method)
        assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET, HEAD, POST"), method
        assert "access-control-allow-origin" not in answer["headers"]
    assert (answers.items(), answers.said()) == (before, [])


def test_to_a_head_there_is_no_body(answers: Answers) -> None:
    for token in (answers.token(), "1.x.y.z"):
        assert answers.get(token, "HEAD")["body"] == ""


BODIES = (
    ("", 400),
    ("answer=approve", 400),
    ("by=Ada", 400),
    ("answer=approve&by=Ada&answer=reject", 400),
    ("answer=approve&by=Ada&by=Grace", 400),
    ("answer=approve&answer=approve", 400),
    ("answer=approve&by=Ada&for=9d", 400),
    ("answer=maybe&by=Ada", 400),
    ("answer=&by=Ada", 400),
    ("answer=APPROVE&by=Ada", 400),
    ("answer=approve&by=%FF%FE", 400),
    ("answer=approve&by", 400),
    ('{"answer": "approve", "by": "Ada"}', 400),
    ("&".join(f"a{n}=1" for n in range(500)), 400),
    ("answer=approve&by=" + "a" * 5000, 413),
    ("answer=approve&by=" + quote_plus("é" * 2100), 413),
    ("x" * 1_000_000, 413),
)
"""Each with the status that it gets."""


def test_a_body_that_no_page_of_ours_sends_has_no_effect(answers: Answers) -> None:
    before = answers.items()
    for body, code in BODIES:
        answer = answers.send(answers.token(), body)
        assert (answer["statusCode"], title(answer)) == (code, "This could not be understood."), body[:80]
        assert "Nothing has happened." in words(answer)
    assert (answers.items(), answers.said()) == (before, [])


def test_another_content_type_is_refused(answers: Answers) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", "", f"text/html, {FORM}"):
        assert answers.send(answers.token(), "answer=approve&by=Ada", kind)["statusCode"] == 415, kind
    assert answers.said() == []


def test_a_form_on_another_site_is_refused(answers: Answers) -> None:
    for site in ("cross-site", "same-site"):
        answer = answers.send(answers.token(), "answer=approve&by=Ada", sec_fetch_site=site)
        assert answer["statusCode"] == 403
    assert answers.said() == []


def test_a_form_is_taken_however_api_gateway_hands_it_over(answers: Answers) -> None:
    body = b64encode(b"answer=approve&by=Ada").decode()
    path, headers = f"/a/{answers.token()}", {"content-type": f"{FORM}; charset=UTF-8"}

    assert answers.request("POST", path, "not base64!", headers, base64=True)["statusCode"] == 400
    assert answers.request("POST", path, body, headers, base64=True)["statusCode"] == 200
    assert answers.said() == [YES]


def test_other_paths_are_no_links(answers: Answers) -> None:
    for path in ("/", "/a", "/a/", "/b/1.x.y.z", "/a/x/y", "/a/../a"):
        assert answers.request("GET", path)["statusCode"] == 404, path


def test_every_page_is_kept_by_nobody_and_runs_nothing(answers: Answers) -> None:
    token = answers.token()
    for answer in (answers.get(token), answers.post(token, "approve"), answers.get("x"), answers.get(token, "PUT")):
        headers = answer["headers"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert re.fullmatch(
            r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; form-action 'self'; base-uri 'none'; "
            r"frame-ancestors 'none'",
            headers["content-security-policy"],
        )
        assert "<script" not in answer["body"]
        assert token not in answer["body"]


# Secrets


def test_no_token_no_secret_and_no_body_is_in_any_line_of_the_log(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = asking(stage)
    token = answers.token()
    for attempt in (token, f"{token}x", token.replace("1.", "2.")):
        answers.get(attempt)
        answers.post(attempt, "approve", "Ada")
        answers.send(attempt, "answer=approve&by=hunter2&by=hunter2")
    answers.send(token, "hunter2", "text/plain")
    logged = "".join(capsys.readouterr())
    assert '"answer":"approve"' in logged
    assert '"by":"Ada"' in logged
    for secret in (token, *(part for part in token.split(".")[1:3]), LINK_KEY, "hunter2"):
        assert secret not in logged


def test_no_error_and_no_representation_shows_a_key(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    answers = asking(stage)
    assert LINK_KEY not in repr(answers.key())
    token = answers.token()
    answers.rotate("hunter2")

    answer = answers.get(token)

    logged = "".join(capsys.readouterr())
    assert answer["statusCode"] == 503
    assert "must have at least 32 characters" in logged
    assert "hunter2" not in answer["body"] + logged


def test_a_rotated_key_leaves_the_links_in_the_mail_working(answers: Answers) -> None:
    token = answers.token()
    answers.get(token)
    answers.rotate(NEXT_KEY)

    assert answers.token() != token, "new links are signed with the new key"
    with time_machine.travel(later(minutes=29), tick=False):
        assert title(answers.get(token)) == "May Defib repair web-1?"
        assert title(answers.post(token, "approve")) == "Thank you, Ada."


def test_a_link_of_a_new_key_works_at_once_though_the_old_one_is_still_remembered(answers: Answers) -> None:
    answers.get(answers.token())
    answers.rotate(NEXT_KEY)

    with time_machine.travel(later(seconds=10), tick=False):
        assert title(answers.get(answers.token())) == "May Defib repair web-1?"


def test_a_key_retired_for_longer_than_links_live_is_refused(answers: Answers) -> None:
    """Whoever has stolen it can make no link, though nobody has used it meanwhile."""
    stolen = answers.key()
    answers.rotate(NEXT_KEY)
    forged = tokens.token_of(replace(ABOUT_A_REPAIR, expires_at=later(days=30)), stolen)

    for moment, accepted in ((later(hours=24, minutes=4), True), (later(hours=24, minutes=5), False)):
        with time_machine.travel(moment, tick=False):
            assert (answers.get(forged)["statusCode"] == 200) is accepted


def test_two_rotations_end_every_link_in_the_mail(answers: Answers) -> None:
    token = answers.token()
    answers.get(token)
    answers.rotate(NEXT_KEY)
    answers.rotate(NEXT_KEY[::-1])

    with time_machine.travel(later(minutes=5), tick=False):
        assert title(answers.get(token)) == "This link is not valid."


def test_made_up_keys_do_not_make_it_ask_for_the_secret_each_time(answers: Answers) -> None:
    edges, _, _ = answers.module._built()
    overlay = Overlay()
    overlay.lay_over(edges.keys._secrets)
    payload, signature = answers.token().split(".")[1:3]

    for number in range(20):
        answers.get(f"1.{payload}.{signature}.{number:08x}")

    assert len(overlay.named("GetSecretValue")) == 2, "the newest and the one before, once"


# From the message to the answer


def test_the_link_in_a_published_message_can_be_answered(stage: Stage) -> None:
    answers = asking(stage)
    url = published_link(stage, answers)

    assert url.startswith("https://abc123.execute-api.us-east-1.amazonaws.com/a/1.")
    assert title(answers.post(url.rpartition("/")[2], "approve")) == "Thank you, Ada."
    assert answers.said() == [YES]


@pytest.mark.parametrize("spoiled", ["gone", "too short"])
def test_a_message_goes_out_without_its_link_when_the_key_cannot_be_read(
    stage: Stage, capsys: pytest.CaptureFixture[str], spoiled: str
) -> None:
    answers = asking(stage)
    if spoiled == "gone":
        boto3.client("secretsmanager").delete_secret(SecretId="answers", ForceDeleteWithoutRecovery=True)
    else:
        answers.rotate("hunter2")

    assert published_link(stage, answers) == ""

    logged = "".join(capsys.readouterr())
    assert "a message goes out without its link" in logged
    assert "hunter2" not in logged


def published_link(stage: Stage, answers: Answers) -> str:
    """The link in the e-mail that asks for a yes; empty where the e-mail has arrived without one."""
    notice = a_notice(kind=NoticeKind.APPROVAL, sequence=3, body="Down.\nWhat you must do: Say yes or no.")
    case, incident = answers.store.latest_case(WEB_1), answers.store.latest_incident("web")
    assert case is not None
    answers.store.remember(Remembered(case, incident, (notice,)))
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=stage.topic, Protocol="sqs", Endpoint=arn)
    stage.invoke("publish", json.dumps({"incident_id": "web-7", "sequence": 3}), groups={0: "web-7"})
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    body = json.loads(message["Body"])["Message"]
    assert "Say yes or no." in body
    found = re.search(r"https://\S+", body)
    return found[0] if found is not None else ""
