"""What the other side checks, checked by something that is not ours: a few lines for webhooks, oauthlib for OAuth."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint  # type: ignore[import-untyped]  # comes without types

from defib.core.page.elsewhere import Kind
from sim.elsewhere.webhook import WebhookServer
from sim.internet import RESETS, Request, Response
from tests.core.page.shown import trouble
from tests.publish.channels.pair import CREDENTIALS, SIGNING_KEY, Pair, bodies


def is_ours(request: Request) -> bool:
    """As any receiver can do it (standardwebhooks.com)."""
    key = base64.b64decode(SIGNING_KEY.removeprefix("whsec_"))
    id_, stamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    digest = hmac.new(key, f"{id_}.{stamp}.".encode() + request.body, hashlib.sha256).digest()
    return hmac.compare_digest(request.headers["webhook-signature"], "v1," + base64.b64encode(digest).decode())


def test_a_receiver_can_tell_that_a_message_is_ours_and_unchanged() -> None:
    pair = Pair(Kind.WEBHOOK)
    pair.at(3, trouble())
    pair.settle()
    assert pair.server.requests
    for request in pair.server.requests:
        assert is_ours(request)
        assert abs(int(request.headers["webhook-timestamp"]) - request.at.timestamp()) <= 1
        changed = Request(
            request.at,
            "http",
            "POST",
            request.host,
            "/",
            request.headers,
            request.body.replace(b"web", b"bew", 1) + b" ",
        )
        assert not is_ours(changed)


def test_a_message_that_somebody_sends_again_later_is_rejected() -> None:
    pair = Pair(Kind.WEBHOOK)
    pair.at(3, trouble())
    pair.settle()
    first = pair.server.requests[0]
    later = Request(first.at + timedelta(minutes=6), "http", "POST", first.host, "/", first.headers, first.body)
    answer = pair.server.answer(later)
    assert isinstance(answer, Response)
    assert answer.status == 401


def test_what_defib_sends_again_has_the_same_id_and_a_fresh_time() -> None:
    pair = Pair(Kind.WEBHOOK)
    pair.at(3, trouble())
    pair.faults.lost, pair.faults.next = True, [RESETS]
    pair.settle()
    first, second = (r for r in pair.server.requests if b'"incident"' in r.body)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(first.headers["webhook-timestamp"]) < int(second.headers["webhook-timestamp"])
    assert len(pair.server.said) == 1


@pytest.mark.parametrize(("url", "minute"), [("https://eu.example.com", 3), ("https://status.example.com", 63)])
def test_whoever_drops_ids_that_it_has_had_hears_of_each_incident_of_another_defib_and_of_one_made_anew(
    url: str, minute: float
) -> None:
    first, second = Pair(Kind.WEBHOOK), Pair(Kind.WEBHOOK)
    second.server, second.url = first.server, url
    second.faults.server = first.server
    second.edges = second.directly()
    for pair, at in ((first, 3), (second, minute)):
        pair.at(at, trouble())
        pair.settle()

    assert [len(pair.incidents) for pair in (first, second)] == [1, 1]
    assert bodies(first.server.said) == [body for pair in (first, second) for _, body in pair.expected()]


def test_a_message_has_the_shape_of_statuspages_webhooks() -> None:
    pair = Pair(Kind.WEBHOOK)
    pair.at(3, trouble())
    pair.settle()
    assert isinstance(pair.server, WebhookServer)
    about_incident = next(m for m in pair.server.messages if "incident" in m)
    about_component = next(m for m in pair.server.messages if "component" in m)
    assert set(about_incident) == {"meta", "page", "incident"}
    assert set(about_incident["page"]) == {"id", "status_indicator", "status_description"}
    assert about_incident["incident"]["incident_updates"][0]["status"] == "identified"
    assert set(about_component) == {"meta", "page", "component_update", "component"}
    assert {"new_status", "old_status", "component_id", "created_at", "id"} == set(about_component["component_update"])


class Keys(RequestValidator):  # type: ignore[misc]  # oauthlib has no types
    """What oauthlib asks about the one consumer and its token."""

    enforce_ssl = False
    client_key_length = request_token_length = access_token_length = nonce_length = (1, 100)
    timestamp_lifetime = 10**10

    def check_client_key(self, client_key: str) -> bool:
        return client_key == CREDENTIALS.consumer_key

    def check_nonce(self, nonce: str) -> bool:
        return len(nonce) == 32

    def check_access_token(self, request_token: str) -> bool:
        return request_token == CREDENTIALS.token

    def validate_timestamp_and_nonce(self, *_: object, **__: object) -> bool:
        return True

    def validate_client_key(self, client_key: str, request: object) -> bool:
        return self.check_client_key(client_key)

    def get_client_secret(self, client_key: str, request: object) -> str:
        return CREDENTIALS.consumer_secret

    def get_access_token_secret(self, client_key: str, token: str, request: object) -> str:
        return CREDENTIALS.token_secret


@pytest.mark.parametrize("spoilt", [False, True])
def test_oauthlib_finds_what_is_sent_to_a_stashboard_signed_as_it_must_be(spoilt: bool) -> None:
    pair = Pair(Kind.STASHBOARD)
    pair.at(3, trouble())
    pair.settle()
    sent = [request for request in pair.server.requests if request.method == "POST"]
    assert sent
    for request in sent:
        endpoint = SignatureOnlyEndpoint(Keys())
        body = request.body.decode().replace("message=", "message=x" if spoilt else "message=")
        valid, _ = endpoint.validate_request(
            f"{request.scheme}://{request.host}{request.target}",
            request.method,
            body,
            {"Authorization": request.headers["authorization"], "Content-Type": request.headers["content-type"]},
        )
        assert valid is not spoilt
