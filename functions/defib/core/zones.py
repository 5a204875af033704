"""Many instances of one zone failing at once are no crowd of zombies: one incident, and nothing restarted meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta

from defib.core.asking import in_region
from defib.core.bulletin import Story, compose
from defib.core.duration import format_duration
from defib.core.frozen import dataclass, replace
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.limits import Limits
from defib.core.policy import Policy
from defib.core.shift import Shift, load_balancer_of
from defib.core.shifting import ended, shiftable, wanted
from defib.core.stack import Impairment, Stack

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
    services: Mapping[str, int] = field(default_factory=dict)
    """How many fail of each service."""

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
    if not zones and not stack.impaired:
        return stack, ()
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
    impaired = tuple(kept)
    return stack if impaired == stack.impaired else replace(stack, impaired=impaired), tuple(turns)


def tell(
    stack: Stack, turn: Turn, latest: Incident | None, policy: Policy, now: datetime
) -> tuple[Stack, Incident, Notice]:
    """The stack, the zone's incident and its next notice after ``turn``. ``latest`` is the zone's newest incident."""
    if turn.over:
        incident = latest or Incident(incident_service(turn.impairment.zone), turn.impairment.incident, now)
        given_back = ended(stack.shifts, turn.impairment.zone)
        allowed = shiftable(policy)
        ours = (s for s in given_back if s.zone == turn.impairment.zone and s.load_balancer in allowed)
        story = _recovered(turn, tuple(ours), policy, now)
        after = replace(stack, shifts=given_back)
        return after, *compose(replace(incident, resolved_at=now), story, NoticeKind.RESOLVED, policy, now)
    number = latest.number + 1 if latest is not None else 1
    services = {name: count for name, count in turn.seen.services.items() if policy.service(name) is not None}
    incident = Incident(incident_service(turn.impairment.zone), number, turn.impairment.since, services=services)
    told = replace(turn.impairment, incident=number)
    impaired = tuple(told if i.zone == told.zone else i for i in stack.impaired)
    shifts = wanted(told.zone, turn.seen.zone_id, policy)
    others = tuple(shift for shift in stack.shifts if shift.zone != told.zone)
    after = replace(stack, impaired=impaired, shifts=(*others, *shifts))
    story, issue = _impaired(turn, bool(shifts), policy), stack.issues.about(told.zone, policy.limits, now)
    if issue is not None:
        story = replace(story, wrong=f"{story.wrong} AWS Health tells of an open issue: {issue.code}{issue.where}.")
    return after, *compose(incident, story, NoticeKind.OPENED, policy, now)


def _impaired(turn: Turn, shifting: bool, policy: Policy) -> Story:
    seen = turn.seen
    counts = f"{seen.failing} of {max(seen.running, seen.failing)} instances fail at once"
    wrong = "So many at once are no coincidence: the zone itself is in trouble, and restarting would not help."
    doing = (
        "It holds all repairs in the zone, and goes on with those elsewhere. When the zone recovers it says so and "
        "repairs, within its limits, what still fails."
    )
    if shifting:
        doing += (
            " It asks Amazon ARC to shift traffic away from the zone, where the other zones can carry it; the next "
            "message says how that went."
        )
        duty = "Look at the AWS Health Dashboard."
        return Story(
            f"zone {seen.name} is impaired: {counts}", wrong, doing, duty, "Repairs held. Shifting traffic away."
        )
    duty = "Shift traffic away from the zone, if the other zones can carry it, and look at the AWS Health Dashboard:\n"
    commands = "\n".join(f"  {command}" for command in shift_commands(seen.zone_id or seen.zone, policy))
    brief = "Repairs held. Shift traffic away?"
    return Story(f"zone {seen.name} is impaired: {counts}", wrong, doing, duty + commands, brief, asks=True)


def _recovered(turn: Turn, shifted: tuple[Shift, ...], policy: Policy, now: datetime) -> Story:
    seen, took = turn.seen, format_duration(timedelta(seconds=round((now - turn.impairment.since).total_seconds())))
    left = f"{seen.failing} instances still fail" if seen.failing else "no instance fails any more"
    doing = "It repairs what still fails, one by one, within its limits." if seen.failing else "Nothing more."
    shift, there = "aws arc-zonal-shift", in_region(policy.region)
    find, end = f"list-zonal-shifts{there} --status ACTIVE", f"cancel-zonal-shift{there} --zonal-shift-id ID"
    duty = f"If you shifted traffic away, end the shift once you trust the zone:\n  {shift} {find}\n  {shift} {end}"
    if shifted:
        doing = f"It sends traffic to the zone again ({', '.join(shift.name for shift in shifted)}). {doing}"
        duty = "Nothing. If you shifted anything else away, end that shift once you trust the zone."
    return Story(
        f"zone {seen.name} works again after {took}: {left}",
        f"At worst {turn.impairment.failing} instances failed at once.",
        doing,
        duty,
        "Repairs there go on.",
    )


def shift_commands(away_from: str, policy: Policy) -> tuple[str, ...]:
    """One command a configured load balancer; where none is configured, how to find them."""
    away = f"--away-from {away_from} --expires-in 3h --comment 'zone impaired'"
    balancers = sorted({load_balancer_of(group) for service in policy.services for group in service.target_groups})
    shift, there = "aws arc-zonal-shift", in_region(policy.region)
    start = f"{shift} start-zonal-shift{there} --resource-identifier"
    if not balancers:
        return (f"{shift} list-managed-resources{there}", f"{start} LOAD_BALANCER_ARN {away}")
    return tuple(f"{start} {balancer} {away}" for balancer in balancers)
