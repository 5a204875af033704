"""A connection that Lambda has purged while a function was frozen costs no call that nothing repeats."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from defib.aws import clients
from defib.aws.switch import SsmSwitch
from defib.core.model import Switch
from defib.core.policy import Calls
from watchtower import asking

ON = json.dumps({"Parameter": {"Value": "on"}}).encode()


class Endpoint(ThreadingHTTPServer):
    """Systems Manager on 127.0.0.1: whoever comes back by a connection that lay idle finds it dead."""

    daemon_threads = True

    def __init__(self) -> None:
        self.taken = 0
        """Connections that were opened."""
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def setup(self) -> None:
        super().setup()
        self.server.taken += 1
        self.answered = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.answered:
            # Closing with nothing to linger for is a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self.answered = True
        self.send_response(200)
        self.send_header("Content-Length", str(len(ON)))
        if self.close_connection:
            # Whoever asks for it is told so (RFC 9112, 9.6), and does not come back by it.
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(ON)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name for it
        """Says nothing."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with Endpoint() as server:
        Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


def of_defib(attempts: int) -> Any:
    return clients.client("ssm", replace(Calls(), attempts=attempts))


@pytest.mark.parametrize(
    "made",
    [lambda: of_defib(1), lambda: of_defib(2), lambda: asking.client("ssm", "us-east-1")],
    ids=["a client that tries once", "one that tries again", "the watchtower's"],
)
def test_every_call_is_answered_however_long_the_function_was_frozen(
    endpoint: Endpoint, made: Callable[[], Any]
) -> None:
    switch = SsmSwitch(made(), "/defib/healing")

    assert [switch.read() for _ in range(3)] == [Switch.ON] * 3
    assert endpoint.taken == 3
