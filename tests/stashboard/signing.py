"""An API to ask, and clients that sign with an independent library."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from oauthlib.oauth1 import Client  # type: ignore[import-untyped]  # comes without types

from defib.core.policy import Policy
from defib.stashboard.oauth import FORM, Credentials, Signed
from defib.stashboard.router import Answer, Answering, answer
from sim.memory.board import FakeBoardStore
from tests.core.page.shown import NOON, POLICY

HOST = "https://status.example.com"
PAGE = "https://page.example.com"
KEYS = Credentials("anonymous", "anonymous", "1/token", "secret")


@dataclass
class Api:
    """The API before a store in memory, at noon."""

    store: FakeBoardStore = field(default_factory=FakeBoardStore)
    time: datetime = NOON
    nonces: Iterator[int] = field(default_factory=itertools.count)
    policy: Policy = POLICY

    def now(self) -> datetime:
        return self.time

    def later(self, minutes: float = 1) -> None:
        self.time += timedelta(minutes=minutes)

    def send(self, request: Signed) -> Answer:
        return answer(request, Answering(self, self.store, lambda: KEYS, PAGE), self.policy)

    def get(self, path: str) -> Any:
        """What ``/api/v1`` tells anybody, which must be JSON with status 200."""
        answered = self.send(Signed("GET", f"{HOST}/api/v1/{path}", {}))
        assert answered.code == 200, answered
        return json.loads(answered.body)

    def feed(self, query: str) -> str:
        return self.send(Signed("GET", f"{HOST}/rss{query}", {})).body

    def signed(self, method: str, path: str, where: str = "AUTH_HEADER", **fields: str) -> Signed:
        """Signed by oauthlib; ``path`` from the host's root."""
        client = Client(
            KEYS.consumer_key,
            KEYS.consumer_secret,
            KEYS.token,
            KEYS.token_secret,
            signature_type=where,
            nonce=str(next(self.nonces)),
            timestamp=str(int(self.time.timestamp())),
        )
        headers = {"Content-Type": FORM} if method == "POST" else {}
        body = urlencode(fields) if method == "POST" else None
        uri, headers, body = client.sign(HOST + path, http_method=method, body=body, headers=headers)
        return Signed(method, uri, {n.lower(): v for n, v in headers.items()}, (body or "").encode())

    def write(self, method: str, path: str, where: str = "AUTH_HEADER", **fields: str) -> Answer:
        return self.send(self.signed(method, f"/admin/api/v1/{path}", where, **fields))
