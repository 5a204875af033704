"""How times, durations and foreign text are put before a reader, the same in every view."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """``text`` without what moves a cursor, reorders a line or is illegal in XML; line breaks and tabs stay."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def clock(at: datetime) -> str:
    """The time of day in UTC, such as ``12:03:00``."""
    return at.astimezone(UTC).strftime("%H:%M:%S")


def day(at: datetime) -> str:
    """The date in UTC, such as ``30 April 2026``."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y}"


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with a ``Z``, to the second or finer where the time is."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def span(duration: timedelta) -> str:
    """A duration in words, such as ``11 min 5 s``; minutes up to two hours, so that an hour reads ``60 min``."""
    seconds = round(duration.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if seconds < 60:
        return f"{sign}{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 120:
        return f"{sign}{minutes} min" + (f" {seconds} s" if seconds else "")
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours} h" + (f" {minutes} min" if minutes else "")


def offset(duration: timedelta) -> str:
    """A duration after the failure, such as ``+11:05`` or ``+1:02:05``."""
    seconds = round(duration.total_seconds())
    sign, seconds = ("-" if seconds < 0 else "+"), abs(seconds)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes}:{seconds:02}"


def percent(share: float) -> str:
    """A share of one, such as ``94 %``."""
    return f"{share * 100:.0f} %"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun, such as ``1 e-mail`` or ``3 e-mails``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def phrase(word: str) -> str:
    """An identifier as people say it: ``force_stop`` becomes ``force stop``, ``act:reboot`` becomes ``act: reboot``."""
    return word.replace("_", " ").replace(":", ": ", 1)
