"""The trail of a case: who decided or did what, when, why and on what evidence. Appended, never rewritten."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from defib.core.approval import Approval
from defib.core.call import CallAnswer
from defib.core.case import Attempt, Case
from defib.core.frozen import dataclass
from defib.core.handed_over import told_at
from defib.core.model import Cause


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail."""

    case_id: str
    service: str
    at: datetime
    cause: Cause
    evidence: tuple[str, ...]
    decision: str
    """``act:reboot``, ``wait``, ``hold:minimum_healthy``, ``escalate`` or ``close:healed``."""
    reason: str
    attempt: Attempt | None
    """The attempt that this line is about: intended, taken up, or ended."""
    approval: Approval | None = None
    """Who was asked or answered, where this line is about that."""


@dataclass(frozen=True, slots=True)
class CallEntry:
    """One line of an incident's trail: what somebody has answered to its call."""

    incident_id: str
    at: datetime
    answer: CallAnswer
    until: datetime
    """When Defib asks again if it is not over."""


_SAID = attrgetter("cause", "evidence", "reason", "held_by", "attempts", "approval", "handed_over_at", "closed_at")


def entry(before: Case | None, after: Case, now: datetime) -> Entry | None:
    """The line for the change from ``before`` (None: just opened) to ``after``; None when it would say nothing new.

    What others start every few seconds is found starting up each time: that is one line, not one for each look.
    """
    if before is not None and _SAID(before) == _SAID(after):
        return None
    known = before.attempts if before is not None else ()
    changed = next((a for a in reversed(after.attempts) if a not in known), None)
    asked = after.approval if before is None or after.approval != before.approval else None
    decision = decision_of(before, after)
    return Entry(after.id, after.service, now, after.cause, after.evidence, decision, after.reason, changed, asked)


def decision_of(before: Case | None, after: Case) -> str:
    """The decision that turned ``before`` into ``after``, in one word: the change itself is the record of it."""
    if after.closed_at is not None and (before is None or before.closed_at is None):
        return f"close:{after.outcome}"
    if told_at(after) not in (None, told_at(before) if before is not None else None):
        return "escalate"
    if after.intent is not None and len(after.attempts) > (len(before.attempts) if before is not None else 0):
        return f"act:{after.intent.action}"
    return f"hold:{after.held_by}" if after.held_by else "wait"
