"""OAuth 1.0a with HMAC-SHA1 and one consumer with one token (RFC 5849): who may write to the page.

Parameters stand in the header, the query or a form: the oldest clients use all three (python-oauth2, by method).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from defib.core.frozen import dataclass

FORM = "application/x-www-form-urlencoded"
CLOCKS_DIFFER_MOST = timedelta(minutes=5)
"""How far a client's clock may be off; a nonce is remembered for twice as long."""
NONCE_MOST = 200
FIELDS_MOST = 100
NEEDED = ("consumer_key", "token", "signature_method", "signature", "timestamp", "nonce")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What Secrets Manager holds. Never in a log, an error or the table."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str
    token_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it was signed."""

    method: str
    url: str
    """Absolute, with its query as the client sent it."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Nonce:
    """What must not come twice."""

    key: str
    """A digest of consumer, token, timestamp and nonce (RFC 5849 section 3.3)."""
    until: datetime


class NotAuthorized(Exception):
    """The request is not signed as it must be. Says nothing of the secrets, nor which of several checks failed."""


def verify(request: Signed, credentials: Credentials, now: datetime) -> Nonce:
    """Check everything but the nonce, which the caller must see used only once. Raises NotAuthorized."""
    try:
        return _verified(request, credentials, now)
    except NotAuthorized:
        raise
    except ValueError:
        # An address that is none, or characters that UTF-8 has not: nobody can have signed it.
        raise NotAuthorized("the request can't be read") from None


def _verified(request: Signed, credentials: Credentials, now: datetime) -> Nonce:
    parameters = parameters_of(request)
    given = {name.removeprefix("oauth_"): value for name, value in parameters if name.startswith("oauth_")}
    _complete(parameters, given)
    stamp = _timestamp(given["timestamp"], now)
    known = hmac.compare_digest(given["consumer_key"].encode(), credentials.consumer_key.encode())
    known &= hmac.compare_digest(given["token"].encode(), credentials.token.encode())
    expected = signature(request, parameters, credentials)
    # Both are computed before either is told, so that the time taken says nothing.
    if not (hmac.compare_digest(expected.encode(), given["signature"].encode()) and known):
        raise NotAuthorized("the signature is wrong")
    _body_is_whole(request, given)
    said = "\0".join((given["consumer_key"], given["token"], str(stamp), given["nonce"]))
    return Nonce(hashlib.sha256(said.encode()).hexdigest(), now + 2 * CLOCKS_DIFFER_MOST)


def signature(request: Signed, parameters: list[tuple[str, str]], credentials: Credentials) -> str:
    """RFC 5849 sections 3.4.1 and 3.4.2."""
    signed = sorted((_escaped(n), _escaped(v)) for n, v in parameters if n not in ("oauth_signature", "realm"))
    normal = "&".join(f"{name}={value}" for name, value in signed)
    base = "&".join(_escaped(part) for part in (request.method.upper(), _base_url(request.url), normal))
    key = f"{_escaped(credentials.consumer_secret)}&{_escaped(credentials.token_secret)}"
    return b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def is_form(request: Signed) -> bool:
    """Whether the body holds parameters. One that does not say what it is does, as Stashboard itself took it.

    Whoever reads them asks here: what is read is then what was signed.
    """
    return request.headers.get("content-type", FORM).partition(";")[0].strip().lower() == FORM


def parameters_of(request: Signed) -> list[tuple[str, str]]:
    """From all three places; those of the header but its realm."""
    found = _pairs(urlsplit(request.url).query)
    if is_form(request):
        found += _pairs(request.body.decode("utf-8", "replace"))
    kind, _, rest = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "oauth":
        parts = rest.split(",", FIELDS_MOST)
        if len(parts) > FIELDS_MOST:
            raise NotAuthorized(f"more than {FIELDS_MOST} parameters")
        for part in parts:
            name, _, value = part.strip().partition("=")
            if name and name.lower() != "realm":
                found.append((unquote(name), unquote(value.strip().strip('"'))))
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MOST)
    except ValueError as error:
        raise NotAuthorized(f"more than {FIELDS_MOST} parameters") from error


def _complete(parameters: list[tuple[str, str]], given: Mapping[str, str]) -> None:
    names = [name for name, _ in parameters if name.startswith("oauth_")]
    if len(names) != len(set(names)):
        raise NotAuthorized("an OAuth parameter is given twice")
    if missing := [name for name in NEEDED if not given.get(name)]:
        raise NotAuthorized(f"the request lacks oauth_{missing[0]}")
    if given["signature_method"] != "HMAC-SHA1":
        raise NotAuthorized("the signature method is not HMAC-SHA1")
    if given.get("version", "1.0") != "1.0" or len(given["nonce"]) > NONCE_MOST:
        raise NotAuthorized("the version is not 1.0, or the nonce is too long")


def _timestamp(given: str, now: datetime) -> int:
    if not (given.isascii() and given.isdigit() and len(given) <= 12):
        raise NotAuthorized("the timestamp is no number of seconds")
    if abs(now.timestamp() - int(given)) > CLOCKS_DIFFER_MOST.total_seconds():
        raise NotAuthorized("the timestamp is too far from our clock")
    return int(given)


def _body_is_whole(request: Signed, given: Mapping[str, str]) -> None:
    """python-oauth2 signs the body's digest, also of an empty one and also beside a form whose fields it signs.

    Checked where the form does not carry it itself (OAuth Request Body Hash 1.0 section 3.2 forbids it for forms).
    """
    digest = given.get("body_hash")
    if digest is None or is_form(request):
        return
    if not hmac.compare_digest(b64encode(hashlib.sha1(request.body, usedforsecurity=False).digest()), digest.encode()):
        raise NotAuthorized("the body is not the one that was signed")


def _base_url(url: str) -> str:
    """RFC 5849 section 3.4.1.2."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port not in (None, {"http": 80, "https": 443}.get(parts.scheme)) else ""
    return f"{parts.scheme.lower()}://{(parts.hostname or '').lower()}{port}{parts.path or '/'}"


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
