"""When an outage is planned, or hours are quiet: read off a clock minute by minute, as docs/configuration.md has it."""

from __future__ import annotations

import re
from calendar import monthrange, timegm
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from defib.core.maintenance import Maintenance
from defib.core.policy import Policy, Service

NOTHING, MINUTE, DAY = timedelta(0), timedelta(minutes=1), timedelta(days=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANGE_MOST = timedelta(hours=3)
"""By how much clocks are put forward or back at most; a whole day has been skipped, but not since 2011 (Samoa)."""
AROUND = range(-1, 2)
"""Days from one in UTC on which it may be by a local clock, put forward or not."""
TAG = "defib:maintenance-until"
WRITTEN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{6}))?)?"
    r"(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOR_EVER = datetime(9000, 1, 1, tzinfo=UTC)
"""Until when a tag holds that says no time."""

Span = tuple[datetime, datetime]
"""From when on, and until when: then no more."""


def on_until(planned: Sequence[Maintenance], now: datetime) -> datetime | None:
    """When the last of those ends that are on; None while none is."""
    return max((end for begin, end in spans(planned, now, now) if begin <= now < end), default=None)


def outage_until(policy: Policy, service: Service, now: datetime) -> datetime | None:
    """Of the planned outages of everything, and of the service."""
    return on_until((*policy.maintenance, *service.maintenance), now)


def kept_until(policy: Policy, service: Service, tags: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when nobody may touch an instance of ``service`` with these tags; None where that is not so."""
    until = (outage_until(policy, service, now), tagged_until(tags))
    return max((at for at in until if at is not None and at > now), default=None)


def was_kept(policy: Policy, service: Service, tags: Mapping[str, str], since: datetime, now: datetime) -> bool:
    """Whether that was so at any time from ``since`` to ``now``."""
    until = tagged_until(tags)
    planned = spans((*policy.maintenance, *service.maintenance), since, now)
    return (until is not None and until > since) or any(begin <= now and end > since for begin, end in planned)


def tagged_until(tags: Mapping[str, str]) -> datetime | None:
    """What the instance's tag says; None where it has none. A value that is no time holds, too."""
    written = tags.get(TAG)
    if not written:
        return None
    found = WRITTEN.fullmatch(written)
    if found is None:
        return FOR_EVER
    *fields, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second, fraction = (int(field or 0) for field in fields)
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    if not (1 <= month <= 12 and year and 1 <= day <= monthrange(year, month)[1]):
        return FOR_EVER
    utc = timegm((year, month, day, hour, minute, second))
    try:
        return EPOCH + timedelta(seconds=utc, microseconds=fraction) - ahead
    except OverflowError:
        return FOR_EVER


def spans(planned: Sequence[Maintenance], first: datetime, last: datetime) -> Iterator[Span]:
    """All that touch the time from ``first`` to ``last``, and perhaps more."""
    for entry in planned:
        begins = (first - entry.lasts).date()
        for n in range((last.date() - begins).days + 1):
            for begin in _begins(entry, begins + n * DAY):
                yield begin, begin + entry.lasts


@lru_cache(maxsize=4096)
def _begins(entry: Maintenance, day: date) -> tuple[datetime, ...]:
    """When, on that day in UTC, an outage begins."""
    hour, minute = entry.at.split(":")
    at, clock = time(int(hour), int(minute)), _clock(entry.zone, day)
    local = (datetime.combine(day + n * DAY, at) for n in AROUND)
    return tuple(clock[shown] for shown in local if shown in clock and _is_on(entry, shown.date()))


def _is_on(entry: Maintenance, day: date) -> bool:
    return day.isoformat() == entry.date if entry.date else WEEK[day.weekday()] in entry.days


@lru_cache(maxsize=256)
def _clock(zone: str, day: date) -> Mapping[datetime, datetime]:
    """What local clocks show in each minute of that day in UTC, and when.

    Where they are put forward somebody leaves one as it was, until it shows what the others began with: by that one
    begins what they skip. Where they are put back nothing begins while they show what they have shown before.
    """
    place, begin = ZoneInfo(zone), datetime.combine(day, time(), UTC)
    at, shown = begin - CHANGE_MOST, dict[datetime, datetime]()
    ahead = left_as_it_was = at.astimezone(place).utcoffset() or NOTHING
    skipped_until = again_until = at
    while at < begin + DAY:
        local = at.astimezone(place)
        if (now_ahead := local.utcoffset() or NOTHING) != ahead:
            left_as_it_was, by = ahead, now_ahead - ahead
            skipped_until, again_until, ahead = at + by, at - by, now_ahead
        if begin <= at < skipped_until:
            shown[at.replace(tzinfo=None) + left_as_it_was] = at
        if begin <= at >= again_until:
            shown[local.replace(tzinfo=None)] = at
        at += MINUTE
    return shown
