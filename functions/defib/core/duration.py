"""Durations as people write them: ``90s``, ``10m``, ``1h``, ``7d``, or together, ``1m30s``."""

from __future__ import annotations

import re
from datetime import timedelta

_WRITTEN = re.compile(r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def parse_duration(text: str) -> timedelta:
    """Read whole numbers of days, hours, minutes and seconds, in this order, each at most once and of at most 6 digits.

    Raises ValueError for anything else.
    """
    found = _WRITTEN.fullmatch(text)
    if not text or found is None:
        raise ValueError(f'{text[:40]!r} is not a duration; write whole numbers with s, m, h or d, such as "1m30s"')
    return timedelta(seconds=sum(int(n or 0) * s for n, s in zip(found.groups(), _SECONDS.values(), strict=True)))


def format_duration(duration: timedelta) -> str:
    """Write the shortest reading: ``1m30s``, ``1h``, ``7d``; ``0s`` for none. Fractions of a second are dropped."""
    left = int(abs(duration).total_seconds())
    parts: list[str] = []
    for unit, seconds in _SECONDS.items():
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    sign = "-" if parts and duration < timedelta(0) else ""
    return sign + ("".join(parts) or "0s")
