"""No secret in a log, an error or what is remembered: whatever fails, and whatever the other side says."""

from __future__ import annotations

import json
import traceback
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from defib.core.page.elsewhere import Kind
from defib.publish.channels.http import Http
from defib.publish.channels.keys import ApiKey, SigningKey
from defib.shell.elsewhere import Came
from defib.shell.ports import CallFailed, Rejected
from sim.internet import HANGS, RESETS, Failure, Request, Response
from tests.core.page.shown import trouble
from tests.fakes import FakeClock
from tests.publish.channels.loopback import Loopback
from tests.publish.channels.pair import CALLS, CREDENTIALS, KEY, LOCAL, SECRETS, SIGNING_KEY, Pair, over_http

Answer = Callable[[Request], Response | Failure]


def echo(status: int) -> Answer:
    """Says what it should not know, and repeats all that it was sent. Staff read the beginning of what it says."""

    def answer(request: Request) -> Response:
        said = json.dumps({"known": SECRETS, "headers": dict(request.headers), "body": request.body.decode()})
        return Response(status, said.encode(), {"X-Echo": "yes"})

    return answer


FAILURES: dict[str, Answer] = {
    **{str(status): echo(status) for status in (302, 400, 401, 403, 404, 420, 422, 429, 500, 503)},
    "not json": echo(200),
    "hangs": lambda _: HANGS,
    "resets": lambda _: RESETS,
}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("failure", FAILURES)
def test_nothing_that_is_kept_or_said_holds_a_secret(kind: Kind, failure: str) -> None:
    with over_http(Pair(kind)) as pair:
        pair.at(3, trouble())
        pair.faults.answered = FAILURES[failure]
        said = []
        for _ in range(3):
            said.append(pair.turn())
            pair.clock.advance(timedelta(minutes=20))
        kept = pair.store.followed(pair.other.name)
        everything = f"{said} {kept} {msgspec.to_builtins(kept)} {pair.store.notices} {pair.queues.notices}"
    if failure != "not json" or kind is not Kind.WEBHOOK:
        assert Came.FAILED in {turned.came for turned in said}
    for secret in (*SECRETS, b64encode(KEY.encode()).decode()):
        assert secret not in everything


@pytest.mark.parametrize("failure", FAILURES)
def test_an_error_shows_no_secret_not_even_with_its_whole_story(failure: str) -> None:
    clock = FakeClock()
    with Loopback(FAILURES[failure], clock.now) as loopback:
        http = Http(loopback.address, CALLS, clock, LOCAL)
        headers = {"Authorization": f"OAuth {KEY}"}
        try:
            http.call("POST", "/x", "telling", headers=headers, secrets=SECRETS, body=SIGNING_KEY.encode()).read(
                list[int], "telling"
            )
        except CallFailed as error:
            story = "".join(traceback.format_exception(error)) + repr(error) + str(error.__dict__)
        else:
            pytest.fail("it should have failed")
    assert not [secret for secret in SECRETS if secret in story]


def test_a_key_that_no_header_can_hold_is_in_no_error() -> None:
    http = Http("https://127.0.0.1:1", CALLS, FakeClock(), LOCAL)
    key = f"{KEY}\r\nX-Other: 1"
    with pytest.raises(CallFailed) as caught:
        http.call("GET", "/x", "telling", headers={"Authorization": key}, secrets=(key,))
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_values_that_hold_secrets_do_not_show_them() -> None:
    shown = repr([ApiKey(KEY), SigningKey(SIGNING_KEY), CREDENTIALS, Pair(Kind.STATUSPAGE).edges])
    assert [secret for secret in SECRETS if secret in shown] == []


def test_a_key_for_signing_that_is_none_is_refused_without_a_word_of_it() -> None:
    for key in ("whsec_%%%", "whsec_c2hvcnQ=", "too short", f"whsec_\u200b{SIGNING_KEY.removeprefix('whsec_')}"):
        pair = Pair(Kind.WEBHOOK, key=key)
        pair.at(3, trouble())
        turned = pair.turn()
        assert turned.came is Came.FAILED
        assert key not in turned.problem
        assert "signing_key" in turned.problem


def test_without_tls_nothing_is_sent_at_all() -> None:
    http = Http("http://status.example.com", CALLS, FakeClock())
    with pytest.raises(Rejected, match="https://"):
        http.call("GET", "/x", "telling", headers={"Authorization": KEY}, secrets=(KEY,))
