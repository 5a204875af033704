"""AWS Health's word on an issue of EC2 itself: remembered when it comes, told once it holds a repair."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from defib.core.frozen import dataclass, replace
from defib.core.issue import Issue
from defib.core.issue_news import INCIDENT_SERVICE, named, reviewed, told, unnamed
from defib.core.policy import Policy
from defib.core.stack import Stack
from defib.shell.onward import Onward
from defib.shell.ports import CallFailed, Clock, Observer
from defib.shell.store import Conflict, Store, Surveyed

CONFLICTS_MAX = 8
"""How often a word on an issue starts afresh because someone else wrote first; then it is delivered again later."""


def take_in(issue: Issue, clock: Clock, store: Store) -> bool:
    """Remember AWS's word on an issue; False when it was known. Raises Conflict when others wrote first too often."""
    for _ in range(CONFLICTS_MAX):
        stack = store.stack()
        issues = stack.issues.heard(issue, clock.now())
        if issues == stack.issues:
            return False
        try:
            store.remember_stack(Surveyed(replace(stack, issues=issues)))
            return True
        except Conflict:
            continue
    raise Conflict(f"{issue.arn}: others wrote first {CONFLICTS_MAX} times; the event will be delivered again")


@dataclass(frozen=True, slots=True)
class Telling:
    """What telling of issues, and of all else that befalls many, needs of the outside world."""

    observer: Observer
    store: Store
    queues: Onward


def tell_of_issues(stack: Stack, edges: Telling, policy: Policy, now: datetime) -> Stack:
    """Look up what the sweep must know of issues, and tell people what they must hear.

    One who wrote first is heard by the next sweep. A crash after the write leaves the notice in the ``due`` index.
    """
    if not stack.issues.known and not stack.issues.incident:
        return stack
    issues = reviewed(stack.issues, policy.limits, now)
    if unnamed(issues):
        # Until they are known, the issue holds the whole Region.
        with suppress(CallFailed):
            issues = named(issues, {zone_id: name for name, zone_id in edges.observer.zone_ids().items()})
    latest = edges.store.latest_incident(INCIDENT_SERVICE) if issues.held or issues.incident else None
    issues, incident, notice = told(issues, latest, policy, now)
    if issues == stack.issues:
        return stack
    try:
        written = edges.store.remember_stack(Surveyed(replace(stack, issues=issues), incident, notice)).stack
    except Conflict:
        return stack
    if notice is not None:
        edges.queues.announce([notice])
    return written
