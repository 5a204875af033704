"""One HTTP request, read strictly: what a page of ours sends, and nothing else."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from defib.core.answer.link import Say
from defib.core.frozen import dataclass

FORM = "application/x-www-form-urlencoded"
BODY_MAX = 4096
"""Bytes: a name of 80 characters, each of 4 bytes and each byte written as ``%XX``, and room to spare."""
FIELDS = ("answer", "by")

_PATH = re.compile(r"/a/([^/]+)")


class Unusable(ValueError):
    """A request that no page of ours sends. ``code`` is the HTTP status, the text is for the person."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    token: str
    """Not checked in any way; empty where the path has none."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: str
    is_base64: bool


def asked(event: Mapping[str, Any]) -> Asked:
    """The request in an event of an HTTP API (API Gateway Developer Guide, payload format version 2.0)."""
    path = _PATH.fullmatch(str(event.get("rawPath", "")))
    return Asked(
        method=event["requestContext"]["http"]["method"],
        token=path[1] if path is not None else "",
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=event.get("body") or "",
        is_base64=bool(event.get("isBase64Encoded")),
    )


def form(request: Asked) -> tuple[Say, str]:
    """What is said, and by whom, as it was typed. Raises Unusable."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Unusable(403, "The answer was sent by another site's page.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise Unusable(415, f"The answer must be sent as {FORM}, as the form of this page does.")
    fields = _fields(_body(request))
    if sorted(name for name, _ in fields) != sorted(FIELDS):
        raise Unusable(400, "The answer must have the fields answer and by, each once.")
    said = dict(fields)
    if said["answer"] not in set(Say):
        raise Unusable(400, "That is none of the answers.")
    return Say(said["answer"]), said["by"]


def _body(request: Asked) -> str:
    # Base64 takes 4 characters for 3 bytes.
    if len(request.body) > BODY_MAX * (4 / 3 if request.is_base64 else 1) + 4:
        raise Unusable(413, f"The answer has more than {BODY_MAX} bytes.")
    try:
        raw = b64decode(request.body, validate=True) if request.is_base64 else request.body.encode()
        text = raw.decode()
    except ValueError:
        raise Unusable(400, "The answer is not text.") from None
    if len(raw) > BODY_MAX:
        raise Unusable(413, f"The answer has more than {BODY_MAX} bytes.")
    return text


def _fields(body: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=len(FIELDS))
    except ValueError:
        raise Unusable(400, "The answer must have the fields answer and by, each once.") from None
