"""A link as a token: its fields, and a signature that only the deployment's own keys can make.

``1.PAYLOAD.SIGNATURE.KEY``: a version, the fields, HMAC-SHA256 over version, fields and key (RFC 2104), and which key
it was. Letters, digits, ``-`` and ``_`` between the points, so that it travels in a URL as it is; it ends with a letter
or a digit, so that no mail program takes its end for punctuation.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from defib.core.answer.link import Link, Say
from defib.core.answer.many import Many
from defib.core.frozen import dataclass, replace

VERSION = "1"
TOKEN_MAX = 535
"""Characters: what ``_FORM`` takes at most. A longest incident, case and contact name make fewer."""

MANY_VERSION = "2"
"""Of links to all the incidents of a digest."""

_MANY_FORM = re.compile(r"2\.[A-Za-z0-9_-]{22}")
_FORM = re.compile(r"1\.([A-Za-z0-9_-]{1,480})\.([A-Za-z0-9_-]{43})\.([0-9a-f]{8})")


class Forged(ValueError):
    """No link of ours: garbled, changed, or signed with a key that counts no more. Never tells what was expected."""


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key."""

    id: str
    """8 hexadecimal digits, which tell nothing of the secret."""
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id!r})"


class _Payload(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An array without names: every character of a link is one more that an e-mail may break."""

    incident_id: Annotated[str, msgspec.Meta(min_length=3, max_length=60, pattern=r"^[a-z0-9:-]+-[1-9][0-9]{0,8}\Z")]
    sequence: Annotated[int, msgspec.Meta(ge=0, le=10**9)]
    case_id: Annotated[str, msgspec.Meta(max_length=40, pattern=r"^(i-[0-9a-f]{8,17}-[1-9][0-9]{0,8})?\Z")]
    offers: Annotated[list[Say], msgspec.Meta(min_length=1, max_length=4)]
    to: Annotated[str, msgspec.Meta(max_length=31, pattern=r"^[a-z0-9-]*\Z")]
    expires: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]
    """Epoch seconds, to the end of the year 9999."""


def token_of(link: Link, key: Key) -> str:
    """``link`` signed with ``key``."""
    fields = _Payload(
        link.incident_id, link.sequence, link.case_id, list(link.offers), link.to, int(link.expires_at.timestamp())
    )
    payload = _text(msgspec.json.encode(fields))
    return f"{VERSION}.{payload}.{_signature(payload, key)}.{key.id}"


def link_in(token: str, keys: Mapping[str, Key]) -> Link:
    """The link in ``token``, provided that one of ``keys`` (by id) signed it. It may have expired. Raises Forged."""
    found = _FORM.fullmatch(token)
    if found is None:
        raise Forged("not of a token's form")
    payload, signature, key_id = found.groups()
    key = keys.get(key_id)
    if key is None:
        raise Forged("of no key that counts")
    # In constant time: how long it takes must not tell how much of a guess was right.
    if not hmac.compare_digest(_signature(payload, key), signature):
        raise Forged("its signature is wrong")
    try:
        fields = msgspec.json.decode(_bytes(payload), type=_Payload)
    except (msgspec.MsgspecError, ValueError):
        raise Forged("its fields are none of ours") from None
    expires = datetime.fromtimestamp(fields.expires, UTC)
    return Link(fields.incident_id, fields.sequence, fields.case_id, tuple(fields.offers), fields.to, expires)


def signed_many(many: Many, key: Key) -> tuple[Many, str]:
    """``many`` as it is to be kept, and the token of its link: ``2.SIGNATURE``, short enough for a text message.

    The names are kept beside it, under a hash of the token: whoever reads the table can't make the link of it. The
    signature is HMAC-SHA256 over all that it grants, cut to 128 bits (RFC 2104, section 5).
    """
    kept = replace(many, key_id=key.id)
    token = f"{MANY_VERSION}.{_many_signature(kept, key)}"
    return replace(kept, link_id=many_id(token)), token


def many_id(token: str) -> str:
    """By what the link of many is kept; empty for what has no such token's form."""
    found = _MANY_FORM.fullmatch(token)
    return f"many:{hashlib.sha256(token.encode()).hexdigest()[:32]}" if found is not None else ""


def check_many(token: str, kept: Many, keys: Mapping[str, Key]) -> None:
    """Raise Forged unless one of ``keys`` has signed ``token`` for exactly what is kept."""
    key = keys.get(kept.key_id)
    if key is None:
        raise Forged("of no key that counts")
    if not hmac.compare_digest(f"{MANY_VERSION}.{_many_signature(kept, key)}", token):
        raise Forged("it was not signed for what is kept")


def _many_signature(many: Many, key: Key) -> str:
    granted = msgspec.json.encode([many.incident_ids, many.to, int(many.expires_at.timestamp())])
    signed = f"defib-link.{MANY_VERSION}.{key.id}.".encode() + granted
    return _text(hmac.new(key.secret, signed, hashlib.sha256).digest()[:16])


def key_id_in(token: str) -> str:
    """Which key a token says it was signed with; empty for what has no token's form. Not checked."""
    found = _FORM.fullmatch(token)
    return found[3] if found is not None else ""


def key_id(version_id: str) -> str:
    """The short name of a version of the secret."""
    return hashlib.sha256(version_id.encode()).hexdigest()[:8]


def _signature(payload: str, key: Key) -> str:
    # The text is signed, not what it decodes to: Base64 writes some bytes in more than one way.
    signed = f"defib-link.{VERSION}.{key.id}.{payload}".encode()
    return _text(hmac.new(key.secret, signed, hashlib.sha256).digest())


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
