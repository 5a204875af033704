"""Every attack on a link, over real HTTP events: tampering, the wrong question, what no page of ours sends."""

from __future__ import annotations

import ast
import inspect
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote_plus

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from defib.answer import token as tokens
from defib.core.answer.link import Link, Say
from tests.aws.cases import NOON, WEB_1, WEB_2
from tests.handlers.links import FORM, YES, Answers, offered, title, words
from tests.handlers.questions import ABOUT_A_REPAIR, held, waiting
from tests.handlers.stage import LINK_KEY


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
