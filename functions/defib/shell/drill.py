"""After a sweep: contacts whose time has come are drilled, and answers to drills are taken note of."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from defib.core.drill import Drill, DrillOrder, answered, enrolled, is_due, ordered
from defib.core.drill_news import asked, service_of
from defib.core.frozen import replace
from defib.shell.reach import LOOK_FOR, ROOM, Looking, Reached, ReachStore
from defib.shell.store import Conflict

if TYPE_CHECKING:
    from defib.core.policy import Policy

LISTENING = timedelta(days=1)
"""How long after its answer was due each sweep looks whether a drill has been answered. Later ones change nothing."""


def drill(edges: Looking, policy: Policy, left: timedelta) -> tuple[Drill, ...]:
    """Take note of answers, and drill whoever is due; returns the drills that have begun or ended.

    ``left`` is what the function may still take. Raises Transient or Rejected where the table or the queue can't be
    used. One who wrote first is heard by the next sweep.
    """
    now = edges.clock.now()
    if left < ROOM or not policy.contacts:
        return ()
    # A drill is urgent: who wants to hear of nothing urgent would never get it.
    hearing = [contact.name for contact in policy.contacts if contact.hears_what_is_urgent]
    before = edges.store.reach()
    drills = enrolled(before.drills, hearing, now) if policy.drill.every else before.drills
    heard = tuple(_heard(one, edges, policy.drill.answer_within + LISTENING, now) for one in drills)
    reach = replace(before, drills=heard)
    changed = [after for after, known in zip(heard, drills, strict=True) if after != known]
    with suppress(Conflict):
        if reach != before:
            reach = edges.store.remember_reach(Reached(reach)).reach
        for contact in policy.contacts:
            if edges.clock.now() - now >= LOOK_FOR:
                # The hour is long: the next sweep goes on with the others.
                break
            one = next((d for d in reach.drills if d.contact == contact.name), None)
            if one is None or not is_due(one, policy.drill, now):
                continue
            latest = edges.store.latest_incident(service_of(contact.name))
            begun, incidents, notice = asked(one, contact, latest, policy, now)
            with_it = tuple(begun if d is one else d for d in reach.drills)
            reach = edges.store.remember_reach(Reached(replace(reach, drills=with_it), incidents, (notice,))).reach
            edges.queues.announce([notice])
            changed.append(begun)
    return tuple(changed)


CONFLICTS_MAX = 8
"""How often one order starts afresh because a sweep wrote first; then its message is delivered again later."""


def order_drill(order: DrillOrder, store: ReachStore, policy: Policy, now: datetime) -> str:
    """Remember that somebody wants a drill: the next sweep asks. Returns why it changes nothing; empty where it does.

    Raises Conflict when others wrote first too often, Transient or Rejected where the table can't be used.
    """
    hearing = [contact.name for contact in policy.contacts if contact.hears_what_is_urgent]
    for _ in range(CONFLICTS_MAX):
        before = store.reach()
        drills, why = ordered(before.drills, order, hearing, policy.drill, now)
        if why or drills == before.drills:
            return why
        with suppress(Conflict):
            store.remember_reach(Reached(replace(before, drills=drills)))
            return ""
    raise Conflict(f"drill of {order.contact}: others wrote first {CONFLICTS_MAX} times; the order is delivered again")


def _heard(one: Drill, edges: Looking, within: timedelta, now: datetime) -> Drill:
    """The drill with its answer, if it has come."""
    if not one.open or now - one.since >= within:
        return one
    incident = edges.store.latest_incident(service_of(one.contact))
    if incident is None or incident.number != one.number or incident.resolved_at is None:
        return one
    return answered(one, incident.timeline[-1])
