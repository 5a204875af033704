"""Who may write: requests signed by independent libraries pass, all others don't."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any
from urllib.parse import urlencode

import pytest
from oauthlib.oauth1 import Client  # type: ignore[import-untyped]  # comes without types
from requests import Request
from requests_oauthlib import OAuth1  # type: ignore[import-untyped]  # comes without types

from defib.stashboard.oauth import FORM, Credentials, NotAuthorized, Signed, verify

NOW = datetime(2026, 4, 30, 12, tzinfo=UTC)
OURS = Credentials("anonymous", "anonymous", "1/token", "s&cr=t/ü")
URL = "https://status.example.com/admin/api/v1/services/web/events"
FIELDS = {"status": "down", "message": "R&D said: 100 % – „kaputt“ + more", "tweet": ""}


def signer(where: str = "AUTH_HEADER", nonce: str = "nonce", at: datetime = NOW, **other: Any) -> Client:
    keys = {
        "client_key": OURS.consumer_key,
        "client_secret": OURS.consumer_secret,
        "resource_owner_key": OURS.token,
        "resource_owner_secret": OURS.token_secret,
    } | other
    return Client(signature_type=where, nonce=nonce, timestamp=str(int(at.timestamp())), **keys)


def signed(client: Client, method: str = "POST", url: str = URL, fields: dict[str, str] | None = None) -> Signed:
    form = {"Content-Type": FORM} if fields is not None else {}
    body = urlencode(fields) if fields is not None else None
    uri, headers, body = client.sign(url, http_method=method, body=body, headers=form)
    sent = {name.lower(): value for name, value in headers.items()}
    return Signed(method, uri, sent, (body or "").encode())


@pytest.mark.parametrize("where", ["AUTH_HEADER", "QUERY", "BODY"])
def test_oauthlibs_signatures_pass_wherever_the_parameters_stand(where: str) -> None:
    assert verify(signed(signer(where), fields=FIELDS), OURS, NOW).until > NOW


@pytest.mark.parametrize("where", ["AUTH_HEADER", "QUERY"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_so_they_do_without_a_body_and_with_a_query_of_its_own(where: str, method: str) -> None:
    verify(signed(signer(where), method, f"{URL}?start=2026-04-30%2010%3A00&a=&a=2"), OURS, NOW)


@pytest.mark.parametrize("port", ["", ":443"])
def test_the_standard_port_is_not_signed(port: str) -> None:
    request = signed(signer(), url=f"https://status.example.com{port}/admin/api/v1/services", fields=FIELDS)

    verify(replace(request, url="https://STATUS.example.com/admin/api/v1/services"), OURS, NOW)


def test_requests_oauthlib_signs_so_too() -> None:
    auth = OAuth1(OURS.consumer_key, OURS.consumer_secret, OURS.token, OURS.token_secret, timestamp=_stamp(NOW))
    sent = Request("POST", URL, data=FIELDS, auth=auth).prepare()
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in sent.headers.items()
    }
    body = sent.body if isinstance(sent.body, bytes) else str(sent.body).encode()

    verify(Signed("POST", URL, headers, body), OURS, NOW)


def test_a_realm_is_not_signed() -> None:
    request = signed(signer(realm="https://status.example.com"), "DELETE")

    assert "realm=" in request.headers["authorization"]
    verify(request, OURS, NOW)


def test_python_oauth2s_body_hash_beside_a_query_is_checked() -> None:
    empty = b64encode(sha1(b"").digest()).decode()
    request = signed(signer("QUERY"), "GET", f"{URL}?{urlencode({'oauth_body_hash': empty})}")

    verify(request, OURS, NOW)
    with pytest.raises(NotAuthorized, match="body"):
        verify(replace(request, headers={"content-type": "text/plain"}, body=b"other"), OURS, NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_secret": "other"},
        {"resource_owner_secret": "other"},
        {"client_key": "other"},
        {"resource_owner_key": "other"},
    ],
)
def test_other_keys_do_not_pass(wrong: dict[str, Any]) -> None:
    with pytest.raises(NotAuthorized, match="the signature is wrong"):
        verify(signed(signer(**wrong), fields=FIELDS), OURS, NOW)


def test_what_was_changed_on_the_way_does_not_pass() -> None:
    request = signed(signer(), fields=FIELDS)

    for changed in (
        replace(request, body=request.body.replace(b"down", b"up")),
        replace(request, method="DELETE"),
        replace(request, url=URL.replace("web", "api")),
        replace(request, url=f"{URL}?more=1"),
        replace(request, url=URL.replace("https", "http")),
    ):
        with pytest.raises(NotAuthorized):
            verify(changed, OURS, NOW)


def test_a_form_that_was_not_signed_does_not_pass() -> None:
    """So some clients sign (oauth-lite): they would let anybody change what is posted."""
    request = signed(signer())

    with pytest.raises(NotAuthorized):
        verify(replace(request, headers={**request.headers, "content-type": FORM}, body=b"message=x"), OURS, NOW)


def test_a_form_that_does_not_say_so_is_signed_like_any_other() -> None:
    request = signed(signer(), fields=FIELDS)
    silent = {name: value for name, value in request.headers.items() if name != "content-type"}

    verify(replace(request, headers=silent), OURS, NOW)
    with pytest.raises(NotAuthorized, match="signature"):
        verify(replace(request, headers=silent, body=b"status=up&message=x"), OURS, NOW)


def test_nobody_writes_without_a_signature() -> None:
    with pytest.raises(NotAuthorized, match="lacks oauth_consumer_key"):
        verify(Signed("POST", URL, {"content-type": FORM}, b"message=x"), OURS, NOW)


@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6), timedelta(days=365)])
def test_a_stale_timestamp_does_not_pass(off: timedelta) -> None:
    with pytest.raises(NotAuthorized, match="timestamp"):
        verify(signed(signer(at=NOW + off), fields=FIELDS), OURS, NOW)


@pytest.mark.parametrize("given", ["", "x", "-1", "1e9", "٣", "9" * 13])
def test_a_timestamp_is_a_number_of_seconds(given: str) -> None:
    client = Client(
        OURS.consumer_key, OURS.consumer_secret, OURS.token, OURS.token_secret, nonce="n", timestamp=given or " "
    )
    with pytest.raises(NotAuthorized, match="timestamp"):
        verify(signed(client, fields=FIELDS), OURS, NOW)


def test_plain_text_signatures_do_not_pass() -> None:
    client = Client(
        OURS.consumer_key,
        OURS.consumer_secret,
        OURS.token,
        OURS.token_secret,
        signature_method="PLAINTEXT",
        timestamp=_stamp(NOW),
    )
    with pytest.raises(NotAuthorized, match="HMAC-SHA1"):
        verify(signed(client, fields=FIELDS), OURS, NOW)


def test_an_oauth_parameter_in_two_places_does_not_pass() -> None:
    request = signed(signer(), url=f"{URL}?oauth_nonce=other", fields=None)

    with pytest.raises(NotAuthorized, match="twice"):
        verify(request, OURS, NOW)


def test_a_nonce_is_told_from_others_by_all_that_makes_it_one() -> None:
    keys = {
        verify(signed(client, fields=FIELDS), OURS, NOW).key
        for client in (signer(), signer(nonce="other"), signer(at=NOW - timedelta(seconds=1)), signer())
    }
    assert len(keys) == 3


def test_too_many_fields_do_not_pass() -> None:
    with pytest.raises(NotAuthorized, match="more than"):
        verify(Signed("POST", URL, {"content-type": FORM}, b"a=1&" * 200), OURS, NOW)


def test_neither_what_is_refused_nor_the_credentials_show_a_secret() -> None:
    with pytest.raises(NotAuthorized) as refused:
        verify(signed(signer(client_secret="other"), fields=FIELDS), OURS, NOW)

    assert OURS.token_secret not in f"{refused.value}{refused.value!r}{OURS!r}"


def _stamp(at: datetime) -> str:
    return str(int(at.timestamp()))


def test_credentials_that_are_shown_show_no_secret() -> None:
    shown = f"{OURS!r} {OURS} {[OURS]}"

    assert OURS.token in shown
    assert OURS.token_secret not in shown
    assert "s3cret" not in repr(Credentials("anonymous", "s3cret", "1/token", "other"))
