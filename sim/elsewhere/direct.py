"""Calls to a simulated host without a network between: a failure is one that urllib3 would have made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from defib.core.policy import Calls
from defib.publish.channels.http import Answer, Http
from defib.shell.ports import Clock, Unanswered
from sim.internet import Failure, Request, Response


class Direct(Http):
    """Has ``answer`` answer each request."""

    def __init__(
        self, address: str, calls: Calls, clock: Clock, answer: Callable[[Request], Response | Failure]
    ) -> None:
        super().__init__(address, calls, clock)
        self._now = clock.now
        self._ask = answer

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        parts = urlsplit(self.url + path)
        named = {name.lower(): value for name, value in {**headers, "Host": parts.netloc}.items()}
        target = f"{parts.path or '/'}?{parts.query}".rstrip("?")
        answer = self._ask(Request(self._now(), parts.scheme, method, parts.netloc, target, named, body or b""))
        if isinstance(answer, Failure):
            raise Unanswered(f"it {answer}")
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.body)
