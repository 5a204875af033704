"""Those that wait for their first look, as a sweep has counted them: remembered and told in one write."""

from __future__ import annotations

from datetime import datetime

from defib.core.crowd import INCIDENT_SERVICE, Counted, follow
from defib.core.frozen import dataclass, replace
from defib.core.policy import Policy
from defib.core.stack import Stack
from defib.shell.onward import Onward
from defib.shell.store import Conflict, Store, Surveyed

CONFLICTS_MAX = 5
"""How often a count starts afresh because someone else wrote first; the next sweep tries again."""


@dataclass(frozen=True, slots=True)
class Crowding:
    """What counting needs of the outside world."""

    store: Store
    queues: Onward


def count(stack: Stack, counted: Counted, edges: Crowding, policy: Policy, now: datetime) -> None:
    """Remember what a sweep has counted, and tell people what they must hear.

    A crash after the write leaves the notice in the ``due`` index.
    """
    for _ in range(CONFLICTS_MAX):
        latest = edges.store.latest_incident(INCIDENT_SERVICE) if stack.crowd is not None else None
        crowd, incident, notice = follow(stack.crowd, counted, latest, policy, now)
        if crowd == stack.crowd and incident is None:
            return
        try:
            edges.store.remember_stack(Surveyed(replace(stack, crowd=crowd), incident, notice))
        except Conflict:
            stack = edges.store.stack()
            continue
        if notice is not None:
            edges.queues.announce([notice])
        return
