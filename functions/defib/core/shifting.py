"""The rules of zonal shifts: which are wanted, when they are asked for, what forbids them, when they end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from defib.core.frozen import replace
from defib.core.limits import ZonalShift
from defib.core.maintenance import in_window
from defib.core.model import Switch
from defib.core.policy import Mode, Policy, Service, TargetGroup
from defib.core.shift import Move, Served, Shift, ShiftAnswer, ShiftOrder, load_balancer_of
from defib.core.stack import Stack
from defib.core.words import at_minute

AGAIN_AFTER = timedelta(minutes=5)
"""How soon a shift that was held, or that AWS has made itself, is looked at again: that takes minutes to change."""
TRIES_MAX = 5
"""Orders of one shift that end in a passing fault before people are asked, one a sweep."""
SHIFTED_KINDS = ("app", "net")
"""The kinds of load balancer that ARC shifts (ARC Developer Guide, "Supported resources")."""

PASSING = (ShiftAnswer.RETRY, ShiftAnswer.LOST)


def shiftable(policy: Policy) -> tuple[str, ...]:
    """The load balancers whose traffic Defib may shift: of services that are healed, once the operator has said so."""
    if policy.limits.zonal_shift is not ZonalShift.START:
        return ()
    healed = (group for service in policy.services if service.mode is Mode.HEAL for group in service.target_groups)
    return tuple(sorted({load_balancer_of(group) for group in healed}))


def wanted(zone: str, zone_id: str, policy: Policy) -> tuple[Shift, ...]:
    """One shift for each load balancer of a service that is healed; none unless the operator has enabled them."""
    return tuple(Shift(arn, zone, zone_id) for arn in shiftable(policy))


def ended(shifts: tuple[Shift, ...], zone: str) -> tuple[Shift, ...]:
    """``shifts`` when ``zone`` has recovered: what Defib has shifted, or may have, it gives back."""
    kept = []
    for shift in shifts:
        if shift.zone != zone:
            kept.append(shift)
        elif shift.id or shift.perhaps or (shift.claimed_at is not None and shift.answer in (None, *PASSING)):
            kept.append(Shift(shift.load_balancer, zone, shift.zone_id, Move.END, id=shift.id, until=shift.until))
    return tuple(kept)


def settled(stack: Stack, now: datetime) -> Stack:
    """The stack without the shifts that are over; one that ran out while its zone is still impaired is people's."""
    kept = []
    for shift in stack.shifts:
        over = shift.until is not None and shift.until <= now
        if over and shift.move is Move.START and stack.impairment(shift.zone) is not None:
            detail = f"its shift ended by itself at {shift.until:%H:%M} UTC, and the zone is still impaired"
            kept.append(replace(shift, answer=ShiftAnswer.REFUSED, detail=detail, id="", until=None))
        elif not over and not (shift.move is Move.END and is_final(shift) and shift.said is shift.answer):
            kept.append(shift)
    return replace(stack, shifts=tuple(kept)) if tuple(kept) != stack.shifts else stack


def given_up(stack: Stack, policy: Policy, now: datetime) -> Stack:
    """``stack`` once what would be asked for next is people's, where the policy says so no more: nobody may ask ARC."""
    allowed = shiftable(policy)
    for shift in stack.shifts:
        if shift.load_balancer not in allowed and due(shift, stack, policy, now):
            ends = f"; the shift ends by itself {at_minute(shift.until, now)}" if shift.until is not None else ""
            detail = f"defib.toml no longer lets Defib shift it{ends}"
            refused = replace(shift, answer=ShiftAnswer.REFUSED, ordered_at=now, answered_at=now, detail=detail)
            stack = stack.with_shift(refused)
    return stack


def due(shift: Shift, stack: Stack, policy: Policy, now: datetime) -> bool:
    """Whether ``remediate`` is to be asked, for the first time or again."""
    impairment = stack.impairment(shift.zone)
    recovering = impairment is None or impairment.below_since is not None
    if not shift.zone_id or (shift.move is Move.START and recovering):
        return False
    if shift.ordered_at is None:
        return True
    if shift.answer is None:
        return now - (shift.claimed_at or shift.ordered_at) >= policy.repair.act_timeout
    if shift.answer is ShiftAnswer.HELD or shift.is_others:
        return shift.answered_at is None or now - shift.answered_at >= AGAIN_AFTER
    return shift.answer in PASSING and shift.tries < TRIES_MAX


def is_final(shift: Shift) -> bool:
    """Whether nothing more is tried."""
    return shift.answer in (ShiftAnswer.DONE, ShiftAnswer.REFUSED) or (
        shift.answer in PASSING and shift.tries >= TRIES_MAX
    )


def ordered(shift: Shift, now: datetime) -> tuple[Shift, ShiftOrder]:
    """The shift as it is remembered, and then the order that may be sent."""
    in_doubt = shift.claimed_at is not None and shift.answer in (None, ShiftAnswer.LOST)
    tries = shift.tries + 1 if shift.answer in (None, *PASSING) else 1
    asked = replace(shift, ordered_at=now, tries=tries, claimed_at=None, answer=None)
    return replace(asked, perhaps=shift.perhaps or in_doubt), ShiftOrder(
        shift.load_balancer, shift.zone, shift.move, now
    )


def claimable(stack: Stack, order: ShiftOrder, policy: Policy, now: datetime) -> Shift | None:
    """The intent that ``order`` speaks of, unless it was taken up, overtaken or forgotten."""
    shift = stack.shift(order.load_balancer, order.zone)
    if shift is None or (shift.move, shift.ordered_at) != (order.move, order.ordered_at):
        return None
    fresh = now - order.ordered_at < policy.repair.act_timeout
    return shift if fresh and shift.claimed_at is None and shift.answer is None else None


def behind(load_balancer: str, policy: Policy) -> tuple[tuple[Service, TargetGroup], ...]:
    """The configured target groups that the load balancer sends traffic to, each with its service."""
    pairs = ((service, group) for service in policy.services for group in service.target_groups)
    return tuple((service, group) for service, group in pairs if load_balancer_of(group) == load_balancer)


def refusal(
    shift: Shift,
    stack: Stack,
    serving: Mapping[str, Mapping[str, Served]],
    healing: Switch,
    policy: Policy,
    now: datetime,
) -> str:
    """Why the shift must not be moved now, in words for people; empty when nothing forbids it.

    ``serving`` says, by target group ARN and zone, who is registered and who is healthy at this moment. In one that is
    gone nobody is, and it is not named there.
    """
    if healing is not Switch.ON:
        return "the kill switch is off" if healing is Switch.OFF else "the kill switch can't be read"
    impairment = stack.impairment(shift.zone)
    if shift.move is Move.END:
        return "the zone is impaired again" if impairment is not None else ""
    if impairment is None or not impairment.incident or impairment.below_since is not None:
        return "the zone no longer looks impaired"
    moved = {s.zone for s in stack.shifts if s.id or s.perhaps or s.claimed_at is not None}
    elsewhere = {i.zone for i in stack.impaired} | moved
    if elsewhere - {shift.zone}:
        return f"zone {min(elsewhere - {shift.zone})} is in trouble too, and two zones are never shifted away from"
    named = {zone for issue in stack.issues.under_way(policy.limits, now) for zone in issue.zone_ids}
    if named - {shift.zone_id}:
        return f"AWS Health tells of an issue in {min(named - {shift.zone_id})}"
    return _unserved(shift, serving, policy, now)


def _unserved(shift: Shift, serving: Mapping[str, Mapping[str, Served]], policy: Policy, now: datetime) -> str:
    """Why the other zones can't take over what the load balancer sends to the zone, or people don't want it."""
    groups = behind(shift.load_balancer, policy)
    if not groups or policy.limits.zonal_shift is not ZonalShift.START:
        return "defib.toml no longer asks for it"
    if shift.load_balancer.rpartition("loadbalancer/")[2].partition("/")[0] not in SHIFTED_KINDS:
        return "ARC shifts application and network load balancers only"
    for service, _ in groups:
        if service.mode is not Mode.HEAL:
            return f"service {service.name} behind it has mode {service.mode.value}, not heal"
        if in_window(policy, service, now) is not None:
            return f"service {service.name} behind it is in maintenance"
    there = [group for _, group in groups if group.arn in serving]
    if not there:
        gone = ", ".join(sorted({group.name for _, group in groups}))
        return f"target group {gone} is not there; make it anew, or take it out of target_groups in the policy"
    concerned = [group for group in there if shift.zone in serving[group.arn]]
    if not concerned:
        return "none of its targets is in the zone"
    for group in concerned:
        zones = serving[group.arn]
        here = zones[shift.zone].healthy
        others = sum(served.healthy for zone, served in zones.items() if zone != shift.zone)
        if others == 0:
            return f"target group {group.name} has no healthy target in any other zone"
        if others < here:
            return f"target group {group.name} has {here} healthy targets in the zone and only {others} elsewhere"
    return ""
