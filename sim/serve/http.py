"""HTTP on this machine alone: reads requests, has them answered in the player's thread, writes what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from traceback import print_exc

from infra.operator_error import OperatorError
from sim.distribution import Reply
from sim.http_api import HttpRequest
from sim.serve.player import Busy

HOST = "127.0.0.1"
"""Loopback, for whoever sits at this machine: a replay has no passwords."""
BODY_MOST = 256_000
"""Bytes; the API itself takes 64,000."""
SILENCE_S = 15
"""How long a connection may say nothing."""
TEXT = (("content-type", "text/plain; charset=utf-8"),)

Answer = Callable[[HttpRequest], Reply]


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "Defib"
    sys_version = ""
    timeout = SILENCE_S

    server: Server

    def handle_one(self) -> None:
        request = self._read()
        if isinstance(request, Reply):
            self.close_connection = True
            self._write(request)
            return
        try:
            reply = self.server.answer(request)
        except Busy as error:
            reply = Reply(503, (*TEXT, ("retry-after", "5")), f"{error}\n".encode())
        except Exception:  # noqa: BLE001  # one request must not end the replay; whoever runs it sees the defect
            print_exc()
            reply = Reply(500, TEXT, b"This request met a defect of the replay; its terminal shows which.\n")
        self._write(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_one  # noqa: N815  # names that the library looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name it has there
        """Nothing: the terminal shows the outage."""

    def _read(self) -> HttpRequest | Reply:
        """The request, or why it is not read to its end."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not (length.isascii() and length.isdigit()):
            return Reply(411, TEXT, b"Say how long the body is: Content-Length, in bytes.\n")
        if len(length) > 9 or int(length) > BODY_MOST:
            return Reply(413, TEXT, f"The body is longer than {BODY_MOST:,} bytes.\n".encode())
        return HttpRequest(self.command, self.path, headers, self.rfile.read(int(length)))

    def _write(self, reply: Reply) -> None:
        self.send_response(reply.code)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.code != 304:
            self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD" and reply.code != 304:
            self.wfile.write(reply.body)


class Server(ThreadingHTTPServer):
    """A thread for each connection; none of them outlives the process, or holds up its end."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        """Take ``port``, 0 for any that is free; whoever connects waits. Raises OperatorError where it can't be had."""
        self.answer: Answer = _nothing
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            why = error.strerror or str(error)
            raise OperatorError(f"{HOST}:{port} can't be served: {why}. Choose another port with --port") from error

    @property
    def address(self) -> str:
        """Without a slash at its end."""
        return f"http://{HOST}:{self.server_port}"

    @contextmanager
    def serving(self, answer: Answer) -> Iterator[None]:
        """Within it, requests are answered, each in a thread of its own."""
        self.answer = answer
        Thread(target=self.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            self.shutdown()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients go away as they like, and the end of a replay cuts them off."""


def _nothing(_: HttpRequest) -> Reply:
    raise Busy("the replay has not begun")
