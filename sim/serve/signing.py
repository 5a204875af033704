"""Takes a signed request from the client's clock and address to those of the replay, and signs it anew.

A client dates and signs what it sends for ``http://127.0.0.1`` and by its own clock; the function behind API Gateway
knows only https and virtual time. Whoever has the right key is let through to it as if both were the same; all others
reach it as they are, to be refused there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import quote

from defib.stashboard.oauth import Credentials, NotAuthorized, Signed, parameters_of, signature, verify
from sim.http_api import HttpRequest

STAMP = re.compile(r'(oauth_timestamp="?)(\d+)')
SIGNATURE = re.compile(r'(oauth_signature="?)([^"&,\s]+)')


@dataclass
class Translator:
    """One for each replay: what comes twice must be dated alike both times, or a replayed nonce would look new."""

    credentials: Credentials
    _dated: dict[tuple[str, str], str] = field(default_factory=dict)

    def translated(self, request: HttpRequest, wall: datetime, now: datetime) -> HttpRequest:
        """``request`` as a client would have sent it through API Gateway at ``now``, virtual time."""
        host = request.headers.get("host", "")
        sent = Signed(request.method, f"http://{host}{request.target}", request.headers, request.body)
        try:
            verify(sent, self.credentials, wall)
        except (NotAuthorized, ValueError):
            return request
        said = dict(parameters_of(sent))
        stamp, nonce = said["oauth_timestamp"], said["oauth_nonce"]
        shifted = str(int(stamp) + round((now - wall).total_seconds()))
        dated = _rewritten(request, STAMP, self._dated.setdefault((stamp, nonce), shifted))
        there = Signed(dated.method, f"https://{host}{dated.target}", dated.headers, dated.body)
        return _rewritten(dated, SIGNATURE, quote(signature(there, parameters_of(there), self.credentials), safe=""))


def _rewritten(request: HttpRequest, what: re.Pattern[str], value: str) -> HttpRequest:
    """OAuth parameters stand in one of three places (RFC 5849 section 3.5)."""

    def in_text(text: str) -> str:
        return what.sub(lambda match: match[1] + value, text)

    headers = {name: in_text(text) if name == "authorization" else text for name, text in request.headers.items()}
    body = in_text(request.body.decode("latin-1")).encode("latin-1")
    return replace(request, target=in_text(request.target), headers=headers, body=body)
