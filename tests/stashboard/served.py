"""The API over real HTTP on the loopback, for clients that bring their own way to speak it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from defib.aws.clock import SystemClock
from defib.core.policy import Policy
from defib.stashboard.oauth import Signed
from defib.stashboard.router import Answering, answer
from sim.memory.board import FakeBoardStore
from tests.core.page.shown import POLICY
from tests.stashboard.signing import KEYS, PAGE


@dataclass
class Served:
    """An API that listens. Its clock is the system's: real clients sign with theirs."""

    policy: Policy = POLICY
    store: FakeBoardStore = field(default_factory=FakeBoardStore)
    address: str = ""
    codes: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path and code of each answer, in the order in which they went out."""

    def answered(self, request: Signed) -> tuple[int, str, bytes]:
        found = answer(request, Answering(SystemClock(), self.store, lambda: KEYS, PAGE), self.policy)
        return found.code, found.content_type, found.body.encode()

    def now(self) -> datetime:
        return SystemClock().now()


@contextmanager
def serving(policy: Policy = POLICY) -> Iterator[Served]:
    served = Served(policy)

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            sent = {name.lower(): value for name, value in self.headers.items()}
            code, kind, said = served.answered(Signed(self.command, served.address + self.path, sent, body))
            served.codes.append((self.command, self.path.partition("?")[0], code))
            self.send_response(code)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - so http.server wants them

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
