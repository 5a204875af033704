"""Requests to the Stashboard API, signed by nobody: an answer that anybody can read, and no write."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from defib.stashboard.dates import WRITTEN_MOST, InvalidDate, moment
from defib.stashboard.oauth import FIELDS_MOST, FORM, NEEDED, NotAuthorized, Signed, parameters_of, verify
from tests.core.page.shown import NOON
from tests.hostile.strategies import BOUNDED, TEXTS, TIMES, steps
from tests.stashboard.signing import HOST, KEYS, Api

NOW = str(int(NOON.timestamp()))
GOOD = {
    "oauth_consumer_key": KEYS.consumer_key,
    "oauth_token": KEYS.token,
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_signature": "x",
    "oauth_timestamp": NOW,
    "oauth_nonce": "n",
}
SERVICES = "/admin/api/v1/services"


def header(fields: dict[str, str]) -> str:
    return "OAuth " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


@st.composite
def requests(draw: st.DrawFn) -> Signed:
    """One that is almost signed, its parameters in any of the three places."""
    fields = {**GOOD, draw(st.sampled_from([f"oauth_{name}" for name in NEEDED] + ["oauth_body_hash"])): draw(TEXTS)}
    headers, query, body = {}, draw(TEXTS), draw(TEXTS).encode("utf-8", "replace")
    match draw(st.integers(0, 2)):
        case 0:
            headers["authorization"] = header(fields) if draw(st.booleans()) else draw(TEXTS)
        case 1:
            query = urlencode(fields, errors="replace")
        case _:
            headers["content-type"], body = FORM, urlencode(fields, errors="replace").encode()
    host = draw(st.sampled_from((HOST, "https://h:99999", "https://h:x", "https://[x")))
    path = draw(st.sampled_from((SERVICES, f"{SERVICES}/web/events", "/api/v1/services/web")) | TEXTS)
    return Signed(draw(st.sampled_from(("GET", "POST", "DELETE")) | TEXTS), f"{host}{path}?{query}", headers, body)


@BOUNDED
@given(requests())
@example(Signed("POST", HOST + SERVICES, {"authorization": header({**GOOD, "oauth_nonce": "\ud800"})}))
@example(Signed("POST", "https://[x" + SERVICES, {"authorization": header(GOOD)}))
@example(Signed("POST", "https://h:x" + SERVICES, {"authorization": header(GOOD)}))
@example(Signed("GET", HOST + "/api/v1/services/\ud800", {}))
@example(Signed("GET", HOST + "/api/v9\ud800/services", {}))
@example(Signed("P\ud800", HOST + SERVICES, {"authorization": header(GOOD)}))
def test_any_request_is_answered_in_json_and_writes_nothing(request: Signed) -> None:
    answered = Api().send(request)

    assert not answered.wrote
    assert answered.code in {200, 400, 403, 404, 405, 413}
    body = answered.body.encode().decode()
    if answered.content_type == "application/json":
        json.loads(body)
    if answered.content_type != "application/rss+xml":
        assert not set(body) & set("<>&\u2028\u2029")


@BOUNDED
@given(requests())
@example(Signed("POST", "https://[x" + SERVICES, {"authorization": header(GOOD)}))
@example(Signed("POST", HOST + SERVICES, {"authorization": header({**GOOD, "oauth_signature": "\ud800"})}))
def test_what_is_not_signed_is_not_authorized_and_no_error_repeats_it(request: Signed) -> None:
    with pytest.raises(NotAuthorized) as caught:
        verify(request, KEYS, NOON)
    assert KEYS.consumer_secret not in str(caught.value)
    assert str(caught.value).isprintable()


def test_parameters_without_end_are_refused_before_they_are_read() -> None:
    many = "a=b," * 100_000
    for request in (
        Signed("POST", HOST, {"authorization": f"OAuth {many}"}),
        Signed("POST", f"{HOST}?{'a=b&' * (FIELDS_MOST + 1)}", {}),
        Signed("POST", HOST, {"content-type": FORM}, b"a=b&" * (FIELDS_MOST + 1)),
    ):

        def refused(request: Signed = request) -> None:
            with pytest.raises(NotAuthorized):
                parameters_of(request)

        assert steps(refused) < 3_000


@BOUNDED
@given(TEXTS, TEXTS)
def test_what_is_written_is_read_back_as_data(name: str, description: str) -> None:
    api = Api()
    name, description = name.encode("utf-8", "replace").decode(), description.encode("utf-8", "replace").decode()
    answered = api.write("POST", "services", name=name, description=description)

    assert answered.code in {201, 400, 404}
    if answered.code == 201:
        assert json.loads(answered.body)["name"] == name
        assert "<" not in answered.body


@BOUNDED
@given(TEXTS | TIMES | st.text("0123456789:-+TZ. janfeb", max_size=30) | st.datetimes().map(str))
@example("9" * 5_000)
@example("Infinity 10")
@example("0001-01-01T00:00:00+23:59")
@example("2020-01-01 00:00 +9999999")
@example("2020-01-01 10:00 XYZ")
@example("²")
def test_a_date_is_a_moment_in_utc_or_invalid(written: str) -> None:
    with suppress(InvalidDate):
        assert moment(written, NOON).tzinfo is UTC


def test_a_date_that_is_too_long_is_not_read() -> None:
    def refused() -> None:
        with pytest.raises(InvalidDate):
            moment("-" * 50_000, NOON)

    assert steps(refused) < 200
    assert moment(f"2026-04-30T12:00:00Z{' ' * (WRITTEN_MOST - 20)}", NOON) == NOON


def test_a_date_is_answered_with_a_refusal_in_the_api() -> None:
    answered = Api().send(Signed("GET", f"{HOST}/api/v1/services/web/events?start={quote('1' * 3_000)}", {}))
    assert answered.code == 400
