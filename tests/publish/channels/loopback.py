"""Another page over real HTTP on this machine: what it answers, also nothing at all, or a broken connection."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from sim.internet import HANGS, RESETS, Failure, Request, Response

Answer = Callable[[Request], Response | Failure]
HUNG_AT_MOST = 5
"""Seconds that a hanging answer waits for its client to give up."""


class Loopback:
    """A server on 127.0.0.1, as a context manager."""

    def __init__(self, answer: Answer, now: Callable[[], datetime]) -> None:
        self.answer = answer
        self._now = now
        self._over = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self._thread = threading.Thread(target=lambda: self.server.serve_forever(poll_interval=0.01), daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.server.shutdown()
        self.server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        page = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(page._now(), "http", self.command, page.host, self.path, headers, body)
                answer = page.answer(request)
                if answer is HANGS:
                    page._over.wait(HUNG_AT_MOST)
                elif answer is RESETS:
                    # Closing with nothing to linger for is a reset.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                elif isinstance(answer, Response):
                    self.send_response(answer.status)
                    for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer.body)
                self.close_connection = True

            def __getattr__(self, name: str) -> Callable[[], None]:
                if name.startswith("do_"):
                    return self._any
                raise AttributeError(name)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name for it
                """Says nothing."""

        return Handler
