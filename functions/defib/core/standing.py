"""Where a case stands, as far as people care: its phase, and what its incident remembers of it."""

from __future__ import annotations

from defib.core import in_a_row, planned
from defib.core.case import Action, Case, Outcome
from defib.core.incident import Member, Phase
from defib.core.model import Cause
from defib.core.words import NAME_MAX, began

LOST = frozenset({Outcome.LEFT_ALONE, Outcome.TERMINATED, Outcome.HANDED_OVER})
"""How a case ends of an instance that nobody has seen work. What its group replaces has another in its place."""


def phase_of(case: Case) -> Phase:
    """Where a case stands, as far as people care."""
    if case.closed_at is not None:
        return Phase.CLOSED
    if case.handed_over_at is not None:
        return Phase.HANDED_OVER
    if case.held_by:
        return Phase.HELD
    if not any(a.action is not Action.EVIDENCE for a in case.attempts):
        return Phase.WATCHING
    return Phase.VERIFYING if case.healthy_since is not None else Phase.REPAIRING


def member_of(case: Case) -> Member:
    """The case as a member of its incident."""
    return Member(
        case.id,
        case.instance_id,
        case.name[:NAME_MAX],
        case.zone,
        case.confirmed_cause or case.cause,
        began(case),
        phase_of(case),
        _is_away(case),
        case.idle or planned.gives_way(case),
        in_a_row.group_of(case),
        case.closed_at,
        case.outcome in LOST and case.cause is not Cause.EVENT_SCHEDULED,
    )


def _is_away(case: Case) -> bool:
    """Whether a guard forbids what would end that Defib has taken it away."""
    return bool(case.held_by) and case.handed_over_at is None and case.closed_at is None and case.is_away
