"""More instances fail than can be looked at in a minute: each is counted at once, told of, and looked at in turn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from defib.core.bulletin import Story, compose
from defib.core.detection import MINUTE
from defib.core.duration import format_duration
from defib.core.frozen import dataclass, replace
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.policy import Policy
from defib.core.rationing import FRESH, turns
from defib.core.stack import Crowd

INCIDENT_SERVICE = "defib:crowd"
"""The name under which these incidents are kept; no service can have it."""

SEEN_TWICE = timedelta(seconds=45)
"""One sample of many checks may be a blip: a second sweep, a minute later, must see it too before people are told."""

NAMED_MAX = 5
"""Services that a message names; of more, how many."""

Told = tuple[Crowd | None, Incident | None, Notice | None]


@dataclass(frozen=True, slots=True)
class Counted:
    """What one sweep has found outside of impaired zones."""

    failing: int
    """All that fail, with a case or without."""
    waiting: Mapping[str, int]
    """By service, how many of them have no case yet."""
    lasting: Mapping[str, int]
    """Of those, how many have outlived their service's patience and the page's hold time."""
    zones_fail: bool = False
    """Whether there are others, in zones that are impaired as a whole."""
    complete: bool = True
    """Whether all of the sweep's questions were answered: who was not named may fail all the same."""

    @property
    def total(self) -> int:
        """How many have no case yet."""
        return sum(self.waiting.values())


def follow(crowd: Crowd | None, counted: Counted, latest: Incident | None, policy: Policy, now: datetime) -> Told:
    """The crowd after a sweep, with its incident and the next notice if they change. ``latest`` is the newest incident.

    None is a crowd until more wait than one sweep signals, nor any more when two in a row have signalled all.
    """
    many = counted.total > FRESH
    if crowd is None:
        found = Crowd(now, counted.waiting, counted.total) if many else None
        return found, None, None
    if not counted.complete and counted.total < sum(crowd.waiting.values()):
        return crowd, None, None
    below = None if many else crowd.below_since or now
    most = max(crowd.most, counted.total)
    after = replace(crowd, waiting=counted.waiting, most=most, below_since=below)
    over = below is not None and now - below >= SEEN_TWICE
    if crowd.incident:
        known = latest or Incident(INCIDENT_SERVICE, crowd.incident, crowd.since)
        return _over(after, counted, known, policy, now) if over else _goes_on(after, counted, known, policy, now)
    if over or not many or now - crowd.since < SEEN_TWICE:
        return None if over else after, None, None
    number = latest.number + 1 if latest is not None else 1
    incident = Incident(INCIDENT_SERVICE, number, crowd.since, services=counted.lasting)
    told = replace(after, incident=number, told=counted.total)
    return told, *compose(incident, _story(counted, policy), NoticeKind.OPENED, policy, now)


def _goes_on(crowd: Crowd, counted: Counted, known: Incident, policy: Policy, now: datetime) -> Told:
    """The page follows each count; people hear of it again when twice as many wait."""
    incident = replace(known, services=counted.lasting)
    if counted.total >= 2 * crowd.told:
        told = replace(crowd, told=counted.total)
        return told, *compose(incident, _story(counted, policy), NoticeKind.PROGRESS, policy, now)
    return crowd, incident if incident != known else None, None


def _over(crowd: Crowd, counted: Counted, known: Incident, policy: Policy, now: datetime) -> Told:
    took = format_duration(timedelta(seconds=round((now - crowd.since).total_seconds())))
    where = " outside of impaired zones" if counted.zones_fail else ""
    left = f"{counted.failing or 'no'} instance{'' if counted.failing == 1 else 's'} still fail{where}"
    story = Story(
        f"no failing instance waits for its first look any more after {took}: {left}",
        f"At worst {crowd.most} waited for their first look.",
        "It repairs what still fails within its limits, and tells of each service by itself.",
        "Nothing now. Defib tells you if an instance needs you.",
        "Repairs go on.",
    )
    return None, *compose(replace(known, resolved_at=now), story, NoticeKind.RESOLVED, policy, now)


def _story(counted: Counted, policy: Policy) -> Story:
    within = format_duration(turns(counted.total, FRESH) * MINUTE)
    return Story(
        f"{counted.failing} instances fail at once, {counted.total} wait for their first look",
        f"More fail than can be looked at in a minute, in no zone so many that the zone is it. "
        f"Those that wait: {_by_service(counted.waiting)}.",
        f"It counts them anew each minute, looks at each within {within} if no more come, and repairs, within its "
        f"limits (limits.share = {policy.limits.share} %, limits.rate = {policy.limits.rate}), those it has looked at.",
        "Find out what they share: a deployment, an image, a network, something that all depend on. Defib restarts "
        "instances one by one, which mends none of these; the kill switch (docs/configuration.md) stops it meanwhile.",
        "What do they share?",
        asks=True,
    )


def _by_service(waiting: Mapping[str, int]) -> str:
    most = sorted(waiting.items(), key=lambda one: (-one[1], one[0]))
    named = [f"{count} of {service}" for service, count in most[:NAMED_MAX]]
    rest = most[NAMED_MAX:]
    if rest:
        named.append(f"{sum(count for _, count in rest)} of {len(rest)} other service{'s' if len(rest) > 1 else ''}")
    return ", ".join(named)
