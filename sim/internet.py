"""The simulated internet: what functions reach by urllib3 besides AWS, on virtual time.

Register a host with what answers there, before time runs:

    world.internet.host("api.example.com", lambda request: Response(200, b"{}"))

The answer is given once for each request, at its moment (``request.at``). It returns a Response, which arrives
``after`` its delay, or Later, for what takes as long as somebody else does, or HANGS, or RESETS: both after the host
has done with the request whatever it does, as when an answer is lost. What keeps a client from connecting is said by
``reached``. Deadlines cost virtual time, as they are set on the client (no ``total``, and no backoff between retries:
urllib3 measures and sleeps these on the real clock): urllib3 itself runs unchanged, down to a socket of ours. Only
simulated functions see this internet; a name that nobody has registered does not resolve there. An answer must not call
AWS.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from http.client import parse_headers, responses
from io import BufferedReader, BytesIO, RawIOBase
from typing import TYPE_CHECKING, Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import resolve_cert_reqs

from sim.clock import SimulatorGap, VirtualTime
from sim.functions import Lambda

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ROUND_TRIP = timedelta(milliseconds=80)
LOOK = timedelta(milliseconds=20)
"""How often one who waits for a later answer looks whether it is made."""
FOR_EVER = timedelta(days=1)
"""What a call without a deadline waits: long enough for the end of any function to come first."""


class Failure(StrEnum):
    """How an exchange ends without an answer."""

    HANGS = "hangs"
    """Nothing comes, until the client's read timeout."""
    RESETS = "resets"
    """The connection is reset."""


HANGS: Final = Failure.HANGS
RESETS: Final = Failure.RESETS


class Reached(StrEnum):
    """What becomes of connecting."""

    YES = "yes"
    REFUSED = "refused"
    SILENT = "silent"
    """Nothing comes, until the client's connect timeout."""
    UNTRUSTED = "untrusted"
    """TLS: its certificate is not one that a client may trust."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as its host receives it."""

    at: datetime
    scheme: str
    method: str
    host: str
    target: str
    """Path and query."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What a host answers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    after: timedelta = ROUND_TRIP


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that takes as long as whoever makes it."""

    made: Callable[[], Response | None]
    """None until it is made."""


Answer = Callable[[Request], Response | Failure | Later]


@dataclass(frozen=True, slots=True)
class Host:
    """What is registered under a name."""

    answer: Answer
    reached: Callable[[], Reached]


class Internet:
    """Every host that simulated functions can reach."""

    def __init__(self, time: VirtualTime, functions: Lambda) -> None:
        self._time = time
        self._functions = functions
        self.requests: list[Request] = []
        """Every request that has reached a host, in order."""
        self._hosts: dict[str, Host] = {}

    def host(self, name: str, answer: Answer, reached: Callable[[], Reached] = lambda: Reached.YES) -> None:
        """Let ``answer`` speak for the host ``name``, on every port, while ``reached`` says that it can be reached."""
        self._hosts[name] = Host(answer, reached)

    @property
    def now(self) -> datetime:
        return self._time.now

    @property
    def is_seen(self) -> bool:
        """Whether the code that runs right now is a function's, and this its internet."""
        return self._functions.is_running

    def wait(self, delay: timedelta, timeout: Any) -> bool:
        """Let ``delay`` pass, or ``timeout`` (seconds; anything but a number is none) should that be shorter.

        Tells whether all of ``delay`` has passed.
        """
        limit = timedelta(seconds=timeout) if isinstance(timeout, (int, float)) else FOR_EVER
        self._functions.pass_time(min(delay, limit))
        return delay <= limit

    def await_made(self, later: Later, timeout: Any) -> Response:
        """Let time pass until the answer is made. Raises TimeoutError when that takes longer than ``timeout``."""
        left = timedelta(seconds=timeout) if isinstance(timeout, (int, float)) else FOR_EVER
        while (made := later.made()) is None:
            if left <= timedelta(0):
                raise TimeoutError("timed out")
            self._functions.pass_time(min(LOOK, left))
            left -= LOOK
        return made

    def connect(self, connection: HTTPConnection, *, tls: bool, verified: bool) -> Wire:
        """A connection's socket. Raises what urllib3 does when there is none to be had."""
        host = self._hosts.get(connection.host)
        self._wait(ROUND_TRIP, connection.timeout, connection)
        if host is None:
            raise NameResolutionError(connection.host, connection, socket.gaierror("Name or service not known"))
        match host.reached():
            case Reached.REFUSED:
                raise NewConnectionError(connection, "Failed to establish a new connection: Connection refused")
            case Reached.SILENT:
                self._wait(FOR_EVER, connection.timeout, connection)
            case Reached.UNTRUSTED if tls and verified:
                raise ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
            case Reached.YES | Reached.UNTRUSTED:
                pass
        answer = _silence if self._functions.hangs_https(connection.host) else host.answer
        return Wire(self, answer, connection.host, "https" if tls else "http")

    def _wait(self, delay: timedelta, timeout: Any, connection: HTTPConnection) -> None:
        if not self.wait(delay, timeout):
            raise ConnectTimeoutError(connection, f"Connection to {connection.host} timed out.")


def _silence(_: Request) -> Failure:
    return HANGS


class Wire:
    """Stands in for a connected socket: takes a request's bytes, and has a response's bytes read."""

    def __init__(self, internet: Internet, answer: Answer, host: str, scheme: str) -> None:
        self._internet = internet
        self._answer = answer
        self._host = host
        self._scheme = scheme
        self._sent = bytearray()
        self._timeout: float | None = None

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def sendall(self, sent: bytes) -> None:
        self._sent += sent

    def makefile(self, *_: object, **__: object) -> BufferedReader:
        """The response, which comes when it is first read."""
        return BufferedReader(_Coming(self._response))

    def _response(self) -> bytes:
        """Raises TimeoutError or ConnectionResetError, as reading a socket does."""
        request = self._request()
        self._internet.requests.append(request)
        answer = self._answer(request)
        if isinstance(answer, Later):
            answer = self._internet.await_made(answer, self._timeout)
        if isinstance(answer, Failure):
            delay = FOR_EVER if answer is HANGS else ROUND_TRIP
        else:
            delay = answer.after
        if not self._internet.wait(delay, self._timeout):
            raise TimeoutError("timed out")
        if isinstance(answer, Failure):
            raise ConnectionResetError(104, "Connection reset by peer")
        return _bytes_of(answer)

    def close(self) -> None:
        """Nothing is held."""

    def _request(self) -> Request:
        head, _, body = bytes(self._sent).partition(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.decode("ascii").split(" ")
        headers = {name.lower(): value for name, value in parse_headers(BytesIO(rest + b"\r\n\r\n")).items()}
        if "transfer-encoding" in headers:
            raise SimulatorGap("a request in chunks: sim/internet.py knows only those with a length")
        return Request(self._internet.now, self._scheme, method, self._host, target, headers, body)


class _Coming(RawIOBase):
    """Bytes that are there once they have come."""

    def __init__(self, come: Callable[[], bytes]) -> None:
        super().__init__()
        self._come = come
        self._rest: BytesIO | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer, /) -> int:
        if self._rest is None:
            self._rest = BytesIO(self._come())
        return self._rest.readinto(into)


def _bytes_of(answer: Response) -> bytes:
    headers = {**answer.headers, "Content-Length": str(len(answer.body)), "Connection": "close"}
    lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, '')}", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + answer.body


@contextmanager
def connected(internet: Internet) -> Iterator[Internet]:
    """``internet``; within it, functions' connections lead there, and everybody else's where they always do."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            if not internet.is_seen:
                super().connect()
                return
            self.sock = internet.connect(self, tls=False, verified=False)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            if not internet.is_seen:
                super().connect()
                return
            verified = resolve_cert_reqs(self.cert_reqs) is ssl.CERT_REQUIRED
            self.sock = internet.connect(self, tls=True, verified=verified)
            self.is_verified = verified

    saved = HTTPConnectionPool.ConnectionCls, HTTPSConnectionPool.ConnectionCls
    HTTPConnectionPool.ConnectionCls, HTTPSConnectionPool.ConnectionCls = Plain, Secure
    try:
        yield internet
    finally:
        HTTPConnectionPool.ConnectionCls, HTTPSConnectionPool.ConnectionCls = saved
