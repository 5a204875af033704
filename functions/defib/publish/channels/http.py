"""The one place that calls other pages: over TLS, to one host, in bounded time, with bounded answers and no redirects.

Sorts what comes back by what the caller must do (shell/elsewhere.py). No error shows a secret, not even one that the
other side repeats.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec

from defib.aws.untrusted import plain
from defib.core.frozen import dataclass
from defib.shell.elsewhere import Slower, Unfit
from defib.shell.ports import CallFailed, Rejected, Unanswered

if TYPE_CHECKING:
    import urllib3

    from defib.core.policy import Calls
    from defib.shell.ports import Clock

ANSWER_MOST = 4 * 1024 * 1024
"""Bytes of an answer: a hundred incidents with all their updates have fewer."""
SAID_MAX = 160
"""Characters of an answer that staff read when it refuses a call."""
SECRET_LEAST = 4
"""Anything shorter is no secret, and would be struck out everywhere."""
SLOWER = frozenset({420, 429})
"""Statuspage has announced 429 in the place of 420, and has been seen to send both."""
UNFIT = frozenset({400, 404, 405, 406, 409, 410, 413, 422})
SERVER_ERROR = 500
REDIRECT = range(300, 400)
TIMEOUT = 408
EVERY_CALL = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "Defib",
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def read(self, shape: type[T], doing: str) -> T:
        """The body as a ``shape``. Raises Unanswered: an answer that nobody can read says nothing."""
        try:
            return msgspec.json.decode(self.body, type=shape, strict=False)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            wrong = plain(str(error), SAID_MAX)
            raise Unanswered(f"{doing}: the answer is not what its API promises: {wrong}", code="BadAnswer") from None


class Http:
    """Calls to one address. ``plain_hosts`` are those that may be called without TLS: for tests, on this machine."""

    def __init__(self, address: str, calls: Calls, clock: Clock, plain_hosts: Collection[str] = ()) -> None:
        self._address = address
        self._calls = calls
        self._clock = clock
        self._plain_hosts = plain_hosts
        self._pool: urllib3.PoolManager | None = None

    def call(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        headers: Mapping[str, str],
        secrets: Collection[str],
        body: bytes | None = None,
    ) -> Answer:
        """One call, and its answer if that is a success.

        What only reads is tried again at once when no connection came about. Raises Transient (Slower, Unanswered) or
        Rejected (Unfit); ``doing`` says what was being tried, ``secrets`` what must be in no error.
        """
        try:
            answer = self._send(method, path, headers, body)
        except CallFailed:
            raise
        except Exception as error:
            failure = _failure(error, doing)
            if failure is None:
                raise
        else:
            failure = self._refusal(answer, doing, secrets)
            if failure is None:
                return answer
        # Not chained: what urllib3 and http.client raise may hold the request.
        raise failure

    @property
    def url(self) -> str:
        return self._address

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        from urllib3 import Retry  # noqa: PLC0415 - whoever only reads permissions does without

        tries = self._calls.attempts - 1 if method == "GET" else 0
        response = self._connected().request(
            method,
            self._address + path,
            body=body,
            # A connection that a frozen function has kept is often dead when it wakes.
            headers={**EVERY_CALL, **headers},
            retries=Retry(
                total=tries,
                connect=tries,
                read=0,
                redirect=0,
                status=0,
                other=0,
                backoff_factor=0,
                respect_retry_after_header=False,
            ),
            redirect=False,
            preload_content=False,
        )
        try:
            return Answer(response.status, {n.lower(): v for n, v in response.headers.items()}, self._body(response))
        finally:
            response.close()

    def _body(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """All of it, unless it is too long or comes too slowly: each piece renews the read timeout."""
        until = self._clock.now() + self._calls.read_timeout
        found = bytearray()
        while piece := response.read1(64 * 1024):
            found += piece
            if len(found) > ANSWER_MOST:
                raise Unanswered(f"the answer is longer than {ANSWER_MOST} bytes", code="TooLong")
            if self._clock.now() > until:
                raise Unanswered(f"the answer takes longer than {self._calls.read_timeout}", code="TooSlow")
        return bytes(found)

    def _connected(self) -> urllib3.PoolManager:
        if self._pool is not None:
            return self._pool
        import urllib3  # noqa: PLC0415 - as above

        parts = urllib3.util.parse_url(self._address)
        if parts.scheme != "https" and parts.host not in self._plain_hosts:
            raise Rejected(f"{self._address} must begin with https://", code="NotSecure")
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(
                connect=self._calls.connect_timeout.total_seconds(), read=self._calls.read_timeout.total_seconds()
            ),
            cert_reqs="CERT_REQUIRED",
        )
        return self._pool

    def _refusal(self, answer: Answer, doing: str, secrets: Collection[str]) -> CallFailed | None:
        """The error that the answer stands for; None for a success."""
        if answer.status < REDIRECT.start:
            return None
        said = _shown(answer.body.decode("utf-8", "replace"), secrets)
        message, code = f"{doing}: {answer.status} {said}".rstrip(), str(answer.status)
        if answer.status in SLOWER:
            return Slower(message, code, _retry_after(answer, self._clock.now()))
        if answer.status in REDIRECT:
            return Rejected(f"{doing}: {answer.status}: it has moved; put its new address into the url", code)
        if answer.status >= SERVER_ERROR or answer.status == TIMEOUT:
            return Unanswered(message, code)
        return Unfit(message, code) if answer.status in UNFIT else Rejected(message, code)


def as_json(body: Mapping[str, Any]) -> bytes:
    """A body."""
    return json.dumps(body, ensure_ascii=False).encode()


def _failure(error: Exception, doing: str) -> CallFailed | None:
    """None for an error that is not urllib3's, nor the system's. Its own words are left out: they may hold a header."""
    from urllib3 import exceptions  # noqa: PLC0415 - as above

    reason = error.reason if isinstance(error, exceptions.MaxRetryError) and error.reason is not None else error
    name = type(reason).__name__
    words = {
        "ConnectTimeoutError": "no connection in time",
        "ReadTimeoutError": "no answer in time",
        "NameResolutionError": "its name does not resolve",
        "NewConnectionError": "no connection",
        "ProtocolError": "the connection broke",
        "SSLError": "its certificate can't be trusted, or TLS fails",
    }
    said = f"{doing}: {words.get(name, 'the call failed')} ({name})"
    match reason:
        case exceptions.SSLError() | exceptions.LocationValueError() | ValueError():
            # Nobody is trusted who can't prove who he is, and what can't be sent won't ever be: a person must look.
            return Rejected(said, name)
        case exceptions.HTTPError() | OSError():
            return Unanswered(said, name)
    return None


def _shown(body: str, secrets: Collection[str]) -> str:
    """What staff read of an answer: a line of it, or nothing where it repeats a secret, in whatever clothes."""
    hidden = {form for s in secrets if len(s) >= SECRET_LEAST for form in (s, quote(s, safe=""), json.dumps(s)[1:-1])}
    if any(secret in body for secret in hidden):
        return "(what it says holds a secret, and is left out)"
    return plain(body, SAID_MAX)


def _retry_after(answer: Answer, now: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110 section 10.2.3); None when it says neither."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit() and len(given) <= len("999999"):
        return timedelta(seconds=int(given))
    try:
        at = parsedate_to_datetime(given)
    except (ValueError, OverflowError):
        return None
    return max((at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - now, timedelta(0))
