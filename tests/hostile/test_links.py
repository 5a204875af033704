"""Answers by link: tokens nobody signed, forms no page sent, names that are none. Each ends in its own refusal."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from defib.answer.asked import BODY_MAX, Asked, Unusable, asked, form
from defib.answer.token import TOKEN_MAX, VERSION, Forged, Key, _signature, key_id_in, link_in, token_of
from defib.core.answer.link import Link, Say
from defib.core.answer.name import NAME_MAX, name_in
from tests.core.facts import NOON
from tests.hostile.strategies import BOUNDED, DEEP, NASTY, TEXTS, VALUES, steps

KEY = Key("00c0ffee", b"a key of this test")
LINK = Link("web-7", 3, "i-0a1b2c3d4e5f60001-1", (Say.APPROVE,), "oncall", NOON + timedelta(minutes=30))
TOKEN = token_of(LINK, KEY)
FORM = {"content-type": "application/x-www-form-urlencoded"}


@BOUNDED
@given(TEXTS | st.integers(0, len(TOKEN)).flatmap(lambda n: TEXTS.map(lambda text: TOKEN[:n] + text + TOKEN[n + 1 :])))
@example(TOKEN + "\n")
@example("a" * 100_000)
def test_a_token_that_is_not_ours_is_forged(token: str) -> None:
    if token == TOKEN:
        return
    with pytest.raises(Forged) as caught:
        link_in(token, {KEY.id: KEY})
    assert str(caught.value).isprintable()
    assert key_id_in(token) in {"", *([token.rpartition(".")[2]])}


def test_what_is_longer_than_any_token_is_not_even_looked_at() -> None:
    longest = f"{VERSION}.{'a' * (TOKEN_MAX - len(f'{VERSION}...') - 43 - 8)}.{'b' * 43}.00c0ffee"

    assert (len(longest), key_id_in(longest)) == (TOKEN_MAX, "00c0ffee")
    assert key_id_in(longest.replace("a.", "aa.", 1)) == ""


def signed(payload: bytes) -> str:
    text = urlsafe_b64encode(payload).rstrip(b"=").decode()
    return f"{VERSION}.{text}.{_signature(text, KEY)}.{KEY.id}"


@BOUNDED
@given(st.lists(VALUES, max_size=7).map(lambda rows: json.dumps(rows).encode()) | st.binary(max_size=300))
@example(b"[" * 300)
@example(b'["web-7\\n-1", 1, "", ["approve"], "", 1]')
@example(b'["web-7", 1, "", ["approve"], "", 1099511627776]')
@example(b'["web-7", 1, "", ["approve"], "", 253402300800]')
def test_also_with_our_key_only_fields_of_ours_are_a_link(payload: bytes) -> None:
    with suppress(Forged):
        link = link_in(signed(payload), {KEY.id: KEY})
        assert link.incident_id.isprintable()
        assert link.to.isprintable()


@BOUNDED
@given(TEXTS | TEXTS.map(lambda text: "answer=approve&by=" + quote_plus(text, errors="replace")), st.booleans())
@example("answer=approve&by=Ann&by=Bob", False)
@example("answer=approve&by=%ff", False)
@example("\u00e9", True)
@example("\ud800", False)
def test_a_form_that_no_page_sends_is_unusable(body: str, is_base64: bool) -> None:
    with suppress(Unusable):
        say, by = form(Asked("POST", TOKEN, FORM, body, is_base64))
        assert say in set(Say)
        with suppress(ValueError):
            name = name_in(by)
            assert name.isprintable()
            assert 1 <= len(name) <= NAME_MAX


def test_a_body_that_is_too_long_is_not_read() -> None:
    huge = urlencode({"answer": "approve", "by": "a" * (BODY_MAX * 20)})

    def refused() -> None:
        for is_base64 in (False, True):
            with pytest.raises(Unusable) as caught:
                form(Asked("POST", TOKEN, FORM, huge, is_base64))
            assert caught.value.code == 413

    assert steps(refused) < 2_000


@BOUNDED
@given(TEXTS)
def test_a_path_that_is_no_links_has_no_token_with_a_slash(path: str) -> None:
    request = asked({"rawPath": f"/a/{path}", "requestContext": {"http": {"method": "GET"}}, "headers": None})
    assert "/" not in request.token


@BOUNDED
@given(TEXTS)
@example("\u202e")
@example("\ufdfa" * 80)
@example("e\u0301" * 80)
@example("Ann\r\nBcc: everyone@example.com")
@example(NASTY[1])
def test_a_name_is_one_printable_line_or_none(name: str) -> None:
    with suppress(ValueError):
        found = name_in(name)
        assert found.isprintable()
        assert 1 <= len(found) <= NAME_MAX
        assert name_in(found) == found


def test_brackets_without_end_are_no_payload() -> None:
    with pytest.raises(Forged):
        link_in(signed(b"[" * 350), {KEY.id: KEY})
    with pytest.raises(Forged):
        link_in(signed(b"[" * DEEP), {KEY.id: KEY})
