"""What comes in from outside: bounded, decoded strictly, and fit to be shown to people."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from defib.shell.ports import Malformed

BODY_MAX = 256 * 1024
"""Bytes. EventBridge delivers no larger event, and Defib's own messages are far smaller."""

TEXT_MAX = 500
SHOWN_MAX = 60
"""Characters of a wrong value that an error repeats."""

INSTANCE_ID = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")

T = TypeVar("T")


def decoded(body: str | msgspec.Raw, shape: type[T], name: str) -> T:
    """``body`` as a ``shape``, which people call ``name``. Raises Malformed."""
    size = len(body.encode(errors="surrogatepass")) if isinstance(body, str) else 0
    if size > BODY_MAX:
        raise Malformed(f"the message has {size} bytes; at most {BODY_MAX} are read")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed(f"not {name} that Defib knows: {plain(str(error))}") from error


def in_utc(at: datetime) -> datetime:
    """``at`` in UTC. Raises Malformed where that is before the year 1 or after 9999."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Malformed(f"the time {at.isoformat()} is in no year that has a calendar") from None


def is_instance_id(value: str) -> bool:
    """Whether EC2 gives ids of this form."""
    return INSTANCE_ID.fullmatch(value) is not None


def require_instance_id(value: str) -> None:
    """Raise Malformed for anything else, before it gets into a key, a filter or a log."""
    if not is_instance_id(value):
        raise Malformed(f"{plain(value, SHOWN_MAX)!r} is no instance id; it should look like i-0a1b2c3d4e5f60001")


def plain(text: str, limit: int = TEXT_MAX) -> str:
    """``text`` in one printable line of at most ``limit`` characters: others' words end in logs and e-mails."""
    part = text[: 4 * limit]
    line = " ".join((part if part.isprintable() else "".join(c if c.isprintable() else " " for c in part)).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
