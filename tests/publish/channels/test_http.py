"""The one place that calls other pages: deadlines, sizes, redirects, certificates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from defib.publish.channels.http import ANSWER_MOST, Answer, Http
from defib.shell.elsewhere import Slower, Unfit
from defib.shell.ports import CallFailed, Rejected, Unanswered
from sim.internet import HANGS, RESETS, Failure, Request, Response
from tests.fakes import FakeClock
from tests.publish.channels.loopback import Loopback, with_tls
from tests.publish.channels.pair import CALLS, LOCAL


def get(http: Http) -> Answer:
    return http.call("GET", "/x", "looking", headers={}, secrets=())


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (Response(400), Unfit),
        (Response(401), Rejected),
        (Response(403), Rejected),
        (Response(404), Unfit),
        (Response(408), Unanswered),
        (Response(420), Slower),
        (Response(422), Unfit),
        (Response(429), Slower),
        (Response(500), Unanswered),
        (Response(503), Unanswered),
        (HANGS, Unanswered),
        (RESETS, Unanswered),
    ],
)
def test_an_answer_is_sorted_by_what_the_caller_must_do(answer: Response | Failure, means: type[CallFailed]) -> None:
    clock = FakeClock()
    with Loopback(lambda _: answer, clock.now) as loopback, pytest.raises(CallFailed) as caught:
        get(Http(loopback.address, CALLS, clock, LOCAL))
    assert type(caught.value) is means


def test_a_redirect_is_not_followed_and_takes_no_credentials_along() -> None:
    clock = FakeClock()
    elsewhere: list[Request] = []

    def keep(request: Request) -> Response:
        elsewhere.append(request)
        return Response(200)

    with Loopback(keep, clock.now) as other:
        moved = Response(307, b"", {"Location": other.address})
        with Loopback(lambda _: moved, clock.now) as loopback, pytest.raises(Rejected, match="new address"):
            get(Http(loopback.address, CALLS, clock, LOCAL))
    assert elsewhere == []


def test_a_connection_has_the_policys_deadlines() -> None:
    timeout = Http("https://status.example.com", CALLS, FakeClock())._connected().connection_pool_kw["timeout"]

    assert timeout.connect_timeout == CALLS.connect_timeout.total_seconds()
    assert timeout.read_timeout == CALLS.read_timeout.total_seconds()


def test_an_answer_without_end_is_given_up() -> None:
    clock = FakeClock()
    long = Response(200, b"x" * (ANSWER_MOST + 1))
    with Loopback(lambda _: long, clock.now) as loopback, pytest.raises(Unanswered, match="longer than"):
        get(Http(loopback.address, CALLS, clock, LOCAL))


def test_an_answer_that_trickles_is_given_up() -> None:
    class Ticking(FakeClock):
        def now(self) -> datetime:
            return self.advance(CALLS.read_timeout * 2)

    clock = FakeClock()
    with Loopback(lambda _: Response(200, b"slow"), clock.now) as loopback, pytest.raises(Unanswered, match="takes"):
        get(Http(loopback.address, CALLS, Ticking(), LOCAL))


def test_who_cannot_prove_who_he_is_gets_nothing(tmp_path: Path) -> None:
    asked: list[Request] = []

    def keep(request: Request) -> Response:
        asked.append(request)
        return Response(200)

    clock = FakeClock()
    with Loopback(keep, clock.now) as loopback, with_tls(loopback, tmp_path):
        with pytest.raises(Rejected, match="certificate"):
            get(Http(f"https://{loopback.host}", CALLS, clock))
        assert asked == []


def test_an_address_without_tls_is_not_called() -> None:
    with Loopback(lambda _: Response(200), FakeClock().now) as loopback:
        assert loopback.address.startswith("http://")
        with pytest.raises(Rejected, match="must begin with https://"):
            get(Http(loopback.address, CALLS, FakeClock()))


def test_who_speaks_no_tls_gets_nothing() -> None:
    clock = FakeClock()
    with Loopback(lambda _: Response(200), clock.now) as loopback, pytest.raises(Rejected, match="TLS"):
        get(Http(f"https://{loopback.host}", CALLS, clock))
