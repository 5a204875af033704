"""The sweep's part in zonal shifts: ask for those that are wanted, again where need be, and tell how they went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from defib.core.frozen import replace
from defib.core.policy import Policy
from defib.core.shift_news import tell, zones_with_news
from defib.core.shifting import due, given_up, ordered, settled
from defib.core.stack import Stack
from defib.core.zones import incident_service
from defib.shell.onward import Onward
from defib.shell.ports import CallFailed
from defib.shell.store import Conflict, Store, Surveyed

CONFLICTS_MAX = 5
"""How often it starts afresh because someone else wrote the stack first; the next sweep tries again."""


def pursue_shifts(
    stack: Stack,
    store: Store,
    queues: Onward,
    zone_ids: Callable[[], Mapping[str, str]],
    policy: Policy,
    now: datetime,
) -> Stack:
    """The stack after every wanted shift was asked for and every answer told; costs nothing where none is wanted."""
    for _ in range(CONFLICTS_MAX):
        if not stack.shifts:
            return stack
        try:
            return _pursued(stack, store, queues, zone_ids, policy, now)
        except Conflict:
            stack = store.stack()
    return stack


def _pursued(
    stack: Stack,
    store: Store,
    queues: Onward,
    zone_ids: Callable[[], Mapping[str, str]],
    policy: Policy,
    now: datetime,
) -> Stack:
    after = given_up(_named(settled(stack, now), zone_ids), policy, now)
    for zone in zones_with_news(after):
        incident = store.latest_incident(incident_service(zone))
        if incident is None:
            continue
        told, incident, notice = tell(after, zone, incident, policy, now)
        stack = after = store.remember_stack(Surveyed(told, incident, notice)).stack
        queues.announce([notice])
    orders = []
    for shift in after.shifts:
        if due(shift, after, policy, now):
            asked, order = ordered(shift, now)
            after = after.with_shift(asked)
            orders.append(order)
    if after != stack:
        after = store.remember_stack(Surveyed(after)).stack
    # A crash between the write and here loses no order: it is due again after repair.act_timeout.
    for order in orders:
        queues.shift(order)
    return after


def _named(stack: Stack, zone_ids: Callable[[], Mapping[str, str]]) -> Stack:
    """The stack with the ids of zones that EC2 did not tell before: ARC takes no other name."""
    if all(shift.zone_id for shift in stack.shifts):
        return stack
    try:
        ids = zone_ids()
    except CallFailed:
        return stack
    named = tuple(replace(shift, zone_id=shift.zone_id or ids.get(shift.zone, "")) for shift in stack.shifts)
    return replace(stack, shifts=named)
