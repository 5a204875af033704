"""Dates as Stashboard takes and gives them: anything people write, and RFC 1123."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from email.utils import format_datetime

WRITTEN_MOST = 100
"""Characters. A date in full, with its zone in words, has fewer; reading one takes the longer the longer it is."""


class InvalidDate(ValueError):
    """Nobody can tell which moment is meant."""


def moment(written: str, now: datetime) -> datetime:
    """What ``written`` means; UTC unless it says otherwise, and today's where it names no day. Raises InvalidDate."""
    if len(written) > WRITTEN_MOST:
        raise InvalidDate(f"longer than {WRITTEN_MOST} characters")
    # Stashboard read them with this library too; botocore brings it.
    from dateutil.parser import parse  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; slow

    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    try:
        with warnings.catch_warnings():
            # Of a zone that it does not know: a line of the caller's words in the log, and the date is in UTC then.
            warnings.simplefilter("ignore")
            found: datetime = parse(written, default=today)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError) as error:
        raise InvalidDate(written) from error


def stamp(at: datetime) -> str:
    """As in ``Mon, 28 Jun 2010 22:17:06 GMT``."""
    return format_datetime(at.astimezone(UTC), usegmt=True)
