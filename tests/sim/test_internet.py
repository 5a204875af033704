"""The simulated internet: hosts that answer, hang, reset or can't be reached, on virtual time."""

from __future__ import annotations

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest
import urllib3

from sim.internet import HANGS, RESETS, Answer, Reached, Request, Response
from sim.world import World
from tests.sim.seen import SEEN
from tests.sim.small_world import function, run_for, wiring, world

HOST = "api.example.com"
POST = f"POST https://{HOST}/v1/things?a=b {{}}"


def call(entered: World, message: str) -> str:
    """What the function saw, without the second at which it began."""
    url = next(q.url for q in entered.wiring.queues if q.name == "orders")
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=message)
    run_for(entered, timedelta(seconds=35))
    return SEEN[-1]


def test_a_registered_host_answers_and_is_told_what_was_asked() -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        asked.append(request)
        return Response(429, b"slower", {"Retry-After": "7"})

    with world(wiring(function("call_out"))) as entered:
        entered.internet.host(HOST, answer)

        assert call(entered, POST).partition(" ")[2] == "429 slower 7"
        assert entered.internet.requests == asked
    (request,) = asked
    assert (request.scheme, request.method, request.target, request.body) == ("https", "POST", "/v1/things?a=b", b"{}")
    assert request.headers["x-key"] == "k"
    assert "k" not in repr(request).split()


@pytest.mark.parametrize(
    ("answer", "reached", "seen", "costs"),
    [
        (lambda _: HANGS, Reached.YES, "ReadTimeoutError", 5),
        (lambda _: RESETS, Reached.YES, "ProtocolError", 0),
        (lambda _: Response(200, after=timedelta(seconds=6)), Reached.YES, "ReadTimeoutError", 5),
        (lambda _: Response(200, b"late", after=timedelta(seconds=4)), Reached.YES, "200 late None", 4),
        (lambda _: Response(200), Reached.REFUSED, "NewConnectionError", 0),
        (lambda _: Response(200), Reached.SILENT, "ConnectTimeoutError", 2),
        (lambda _: Response(200), Reached.UNTRUSTED, "SSLError", 0),
    ],
)
def test_a_failure_costs_the_time_that_its_deadline_allows(
    answer: Answer, reached: Reached, seen: str, costs: int
) -> None:
    with world(wiring(function("call_out"))) as entered:
        entered.internet.host(HOST, answer, lambda: reached)
        at, _, what = call(entered, POST).partition(" ")

    # A cold start takes the first second or so.
    began = int(at.rpartition(":")[2]) - costs
    assert (what, 1 <= began <= 2) == (seen, True)


def test_a_name_that_nobody_has_registered_does_not_resolve() -> None:
    with world(wiring(function("call_out"))) as entered:
        assert call(entered, POST).partition(" ")[2] == "NameResolutionError"
        assert entered.internet.requests == []


def test_a_call_without_a_deadline_lasts_until_its_function_is_killed() -> None:
    with world(wiring(function("call_without_a_deadline"))) as entered:
        entered.internet.host(HOST, lambda _: HANGS)
        url = next(q.url for q in entered.wiring.queues if q.name == "orders")
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody="go")
        run_for(entered, timedelta(seconds=38))

        assert entered.recorder.ledger.errors == ["call_without_a_deadline: Task timed out after 30 seconds"]


class Real(BaseHTTPRequestHandler):
    """Answers for real."""

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name for it
        """Says nothing."""


def test_who_is_no_function_sees_the_real_network() -> None:
    server = HTTPServer(("127.0.0.1", 0), Real)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with world(), urllib3.PoolManager(timeout=5) as http:
        assert http.request("GET", f"http://127.0.0.1:{server.server_port}/").status == 204
    server.shutdown()
    server.server_close()
