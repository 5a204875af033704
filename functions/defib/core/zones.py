"""Many instances of one zone failing at once are no crowd of zombies: one incident, and nothing restarted meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from defib.core.duration import format_duration
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.limits import Limits
from defib.core.policy import Policy
from defib.core.stack import Impairment, Stack
from defib.core.words import SMS_MAX, SUBJECT_MAX, clock, plain

SEEN_TWICE = timedelta(seconds=45)
"""One failed sample is not an outage: a second sweep, a minute later, must see it too before people are told."""

SERVICE_PREFIX = "zone:"
"""Zones have incidents of their own, kept under a name that no service can have."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a sweep saw of one zone."""

    zone: str
    failing: int
    running: int
    zone_id: str = ""
    """AWS's name of the zone that is the same in every account, such as ``use1-az4``; what a zonal shift takes."""

    @property
    def name(self) -> str:
        return f"{self.zone_id} ({self.zone})" if self.zone_id else self.zone


@dataclass(frozen=True, slots=True)
class Turn:
    """An impairment that people must hear of: it has been confirmed, or it is over."""

    impairment: Impairment
    seen: Seen
    over: bool = False


def incident_service(zone: str) -> str:
    """The name under which the zone's incidents are kept."""
    return f"{SERVICE_PREFIX}{zone}"


def is_impaired(seen: Seen, limits: Limits) -> bool:
    """Whether more fail at once than coincidence explains."""
    of = max(seen.running, seen.failing)
    return seen.failing >= limits.zone_instances and seen.failing * 100 >= limits.zone_share * of


def survey(
    stack: Stack, zones: Mapping[str, Seen], limits: Limits, now: datetime, complete: bool = True
) -> tuple[Stack, tuple[Turn, ...]]:
    """The stack after a sweep has seen ``zones``, and what people must hear of.

    A sweep whose questions were not all answered (``complete`` is False) ends no impairment.
    """
    kept: list[Impairment] = []
    turns: list[Turn] = []
    for zone in sorted({*zones, *(i.zone for i in stack.impaired)}):
        seen, known = zones.get(zone, Seen(zone, 0, 0)), stack.impairment(zone)
        if is_impaired(seen, limits):
            found = known or Impairment(zone, now, seen.failing)
            found = replace(found, failing=max(found.failing, seen.failing), below_since=None)
            if not found.incident and now - found.since >= SEEN_TWICE:
                turns.append(Turn(found, seen))
            kept.append(found)
        elif known is not None and not complete:
            kept.append(known)
        elif known is not None and known.incident:
            below = replace(known, below_since=known.below_since or now)
            if below.below_since is not None and now - below.below_since >= limits.zone_clear:
                turns.append(Turn(below, seen, over=True))
            else:
                kept.append(below)
    return replace(stack, impaired=tuple(kept)), tuple(turns)


def tell(
    stack: Stack, turn: Turn, latest: Incident | None, policy: Policy, now: datetime
) -> tuple[Stack, Incident, Notice]:
    """The stack, the zone's incident and its next notice after ``turn``. ``latest`` is the zone's newest incident."""
    if turn.over:
        incident = latest or Incident(incident_service(turn.impairment.zone), turn.impairment.incident, now)
        return stack, *_compose(replace(incident, resolved_at=now), _recovered(turn, now), NoticeKind.RESOLVED, now)
    number = latest.number + 1 if latest is not None else 1
    incident = Incident(incident_service(turn.impairment.zone), number, turn.impairment.since)
    told = replace(turn.impairment, incident=number)
    impaired = tuple(told if i.zone == told.zone else i for i in stack.impaired)
    return replace(stack, impaired=impaired), *_compose(incident, _impaired(turn, policy), NoticeKind.OPENED, now)


@dataclass(frozen=True, slots=True)
class _Story:
    headline: str
    wrong: str
    doing: str
    duty: str
    brief: str


def _impaired(turn: Turn, policy: Policy) -> _Story:
    seen = turn.seen
    counts = f"{seen.failing} of {max(seen.running, seen.failing)} instances fail at once"
    return _Story(
        f"zone {seen.name} is impaired: {counts}",
        "So many at once are no coincidence: the zone itself is in trouble, and restarting would not help.",
        "It holds all repairs in the zone, and goes on with those elsewhere. When the zone recovers it says so and "
        "repairs, within its limits, what still fails.",
        "Shift traffic away from the zone, if the other zones can carry it, and look at the AWS Health Dashboard:\n"
        + "\n".join(f"  {command}" for command in shift_commands(seen, policy)),
        "Repairs held. Shift traffic away?",
    )


def _recovered(turn: Turn, now: datetime) -> _Story:
    seen, took = turn.seen, format_duration(timedelta(seconds=round((now - turn.impairment.since).total_seconds())))
    left = f"{seen.failing} instances still fail" if seen.failing else "no instance fails any more"
    doing = "It repairs what still fails, one by one, within its limits." if seen.failing else "Nothing more."
    return _Story(
        f"zone {seen.name} works again after {took}: {left}",
        f"At worst {turn.impairment.failing} instances failed at once.",
        doing,
        "If you shifted traffic away, end the shift (aws arc-zonal-shift cancel-zonal-shift) once you trust the zone.",
        "Repairs there go on.",
    )


def shift_commands(seen: Seen, policy: Policy) -> tuple[str, ...]:
    """One command a configured load balancer; where none is configured, how to find them."""
    away = f"--away-from {seen.zone_id or seen.zone} --expires-in 3h --comment 'zone impaired'"
    balancers = sorted(
        {
            f"{group.arn.partition(':targetgroup/')[0]}:loadbalancer/{group.load_balancer}"
            for service in policy.services
            for group in service.target_groups
        }
    )
    start = "aws arc-zonal-shift start-zonal-shift --resource-identifier"
    if not balancers:
        return ("aws arc-zonal-shift list-managed-resources", f"{start} LOAD_BALANCER_ARN {away}")
    return tuple(f"{start} {balancer} {away}" for balancer in balancers)


def _compose(incident: Incident, story: _Story, kind: NoticeKind, now: datetime) -> tuple[Incident, Notice]:
    entry = f"{clock(now)}  {story.headline}"
    told = replace(incident, notices=incident.notices + 1, timeline=(*incident.timeline, entry))
    resolved = "resolved: " if kind is NoticeKind.RESOLVED else ""
    timeline = "\n".join(f"  {line}" for line in told.timeline)
    headline = story.headline[0].upper() + story.headline[1:]
    body = "\n".join(
        (
            f"{headline}.",
            f"What is wrong:    {story.wrong}" if kind is NoticeKind.OPENED else f"What was wrong:   {story.wrong}",
            f"Since:            {incident.opened_at:%d %B %Y} {clock(incident.opened_at)}.",
            f"What Defib does:  {story.doing}",
            f"What you must do: {story.duty}",
            f"\nTimeline of incident {told.id} (written {clock(now)})\n{timeline}",
        )
    )
    notice = Notice(
        incident_id=told.id,
        service=told.service,
        sequence=told.notices,
        kind=kind,
        at=now,
        case_id="",
        instance_id="",
        subject=plain(f"[Defib] {resolved}{story.headline}", SUBJECT_MAX),
        body=body,
        sms=plain(f"Defib: {story.headline}. {story.brief}", SMS_MAX),
    )
    return told, notice
