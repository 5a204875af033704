"""Somebody answers the call of an incident: remembered with its line of the audit, and told to all who were asked."""

from __future__ import annotations

from defib.core.audience import DRILL
from defib.core.audit import CallEntry
from defib.core.call import CallAnswer, unheeded
from defib.core.call_news import heard
from defib.core.drill_news import passed
from defib.core.policy import Policy
from defib.shell.reconcile import Reconciling
from defib.shell.store import Called, Conflict

CONFLICTS_MAX = 8
"""How often one answer starts afresh because someone else wrote first; then its message is delivered again later."""


def take_answer(answer: CallAnswer, edges: Reconciling, policy: Policy) -> bool:
    """Take in what somebody says to a call; False when it changes nothing.

    Raises Conflict when others wrote first too often.
    """
    for _ in range(CONFLICTS_MAX):
        incident = edges.store.latest_incident(answer.service)
        why = unheeded(incident, answer)
        if incident is None or why:
            edges.journal.unheard(answer, why)
            return False
        now = edges.clock.now()
        hear = passed if incident.service.startswith(DRILL) else heard
        after, notice = hear(incident, answer, policy, now)
        until = after.call.next_at if after.call is not None else now
        try:
            edges.store.remember_call(Called(after, notice, CallEntry(incident.id, now, answer, until)))
        except Conflict:
            continue
        edges.journal.heard(answer)
        edges.queues.announce([notice])
        return True
    raise Conflict(f"{answer.incident_id}: others wrote first {CONFLICTS_MAX} times; the answer is delivered again")
