"""How a case may end: over, in people's hands, or held by what people know of; and what they must have read by then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from defib.core.case import Action, Case
from defib.core.incident import Notice, NoticeKind
from defib.core.model import Cause
from sim.fuzz.invariants.tried import is_begun
from sim.fuzz.invariants.truth import Truth

TOLD = (NoticeKind.ESCALATED, NoticeKind.HELD, NoticeKind.RESOLVED, NoticeKind.APPROVAL)
"""Notices that say how what was stopped ends, or who is to end it."""
HELD = (NoticeKind.HELD, NoticeKind.APPROVAL, NoticeKind.ESCALATED)
LEFT_OUT = "It is deregistered from"
"""How people read that Defib has taken it out of its target groups, and does not put it back."""
AWS_ISSUE = "aws_issue"
SPOKEN_FOR = frozenset({"zone_impaired", AWS_ISSUE})
"""Guards that hold many: an incident of its own, the zone's or AWS's, speaks for all."""
TURNS = frozenset({"concurrent_repairs", "others_under_repair", "stack_share", "stack_rate"})
"""Guards that hold a case only until others have had their turn: that is no news."""
RATE_WITHIN, LOOK_MOST = timedelta(minutes=10), timedelta(minutes=15)
"""What limits.rate counts within, and how often each is looked at however many wait (docs/configuration.md)."""
QUIET = TURNS | {"maintenance"}
"""Guards of which people need not hear: nor of what they have planned themselves."""


def waits_for_its_turn(case: Case) -> bool:
    """Whether it is held for no other reason than that Defib is at work elsewhere, or was a moment ago."""
    return case.held_by in TURNS and case.closed_at is None and case.handed_over_at is None


def may_go_on(case: Case, truth: Truth) -> bool:
    """Whether a case that is held may have its turn at its next look, or people have yet to hear of what holds many."""
    whole = truth.store.whole
    impairment = whole.impairment(case.zone)
    told = (
        bool(whole.issues.incident) if case.held_by == AWS_ISSUE else impairment is not None and impairment.incident > 0
    )
    held = case.closed_at is None and case.handed_over_at is None and case.held_by in SPOKEN_FOR
    return waits_for_its_turn(case) or (held and not told)


def tells_how_it_ends(notice: Notice, case: Case, stopped_at: datetime) -> bool:
    """Whether people have read, after the stop, what becomes of it. How one of several ends is progress."""
    ended = case.closed_at is not None and notice.at >= case.closed_at
    return notice.at >= stopped_at and (notice.kind in TOLD or ended)


def at_rest(case: Case) -> bool:
    """Whether it is over, or people have it in hand, or a guard holds it that they have heard of."""
    waits = case.event is not None and case.confirmed_cause is Cause.EVENT_SCHEDULED
    return (
        case.closed_at is not None
        or case.handed_over_at is not None
        or bool(case.held_by)
        or (waits and not is_begun(case))
    )


def under_way(case: Case | None, longest: timedelta, now: datetime) -> bool:
    """Whether a repair is in the middle, and has time left: it was found, or had its turn, late in the story."""
    began = (case.resumed_at or case.confirmed_at) if case is not None else None
    return case is not None and not at_rest(case) and began is not None and now < began + longest


def is_known(case: Case, truth: Truth) -> bool:
    """Whether people have heard that a guard holds it: of it, or of the zone or the issue that holds many."""
    if not case.held_by or case.closed_at is not None or case.handed_over_at is not None:
        return True
    notices = truth.store.notices.values()
    if case.held_by in SPOKEN_FOR:
        return any(n.service.startswith(("zone:", "aws:")) for n in notices)
    if case.held_by in QUIET:
        return True
    if case.held_action is Action.RESTORE and _left_to_people(case, notices):
        return True
    if case.confirmed_cause is Cause.EVENT_SCHEDULED:
        # Each has an incident of its own, and what keeps Defib from moving it in time is news of the plan.
        ours = [n for n in notices if n.service == case.service and case.instance_id in n.body]
        return any(n.kind in HELD or (n.kind is NoticeKind.PLANNED and case.reason in n.body) for n in ours)
    incident = truth.store.latest_incident(case.service)
    return any(n.kind in HELD for n in notices if incident is not None and n.incident_id == incident.id)


def _left_to_people(case: Case, notices: Iterable[Notice]) -> bool:
    """Whether people were asked to register it when the case before ended, for its service was gone, say."""
    before = f"{case.instance_id}-{case.number - 1}"
    return any(n.case_id == before and LEFT_OUT in n.body for n in notices)


def others_have_its_place(case: Case, truth: Truth) -> bool:
    """Whether another has the place that it waits for: under repair, or kept from serving, of which people know."""
    if case.held_by == "stack_rate" and _begun_lately(case, truth):
        # Not yet, that is: the story has ended before ten minutes had passed.
        return True
    others = [c for c in truth.store.cases.values() if c.id != case.id and is_begun(c) and not waits_for_its_turn(c)]
    have = [c for c in others if c.closed_at is None and (c.held_by or c.handed_over_at is None)]
    # Where many wait each looks once in so long: nobody may have seen yet that the place is free.
    rest = looks_within(truth)
    ended = ((c, c.closed_at or c.handed_over_at) for c in others)
    had = [c for c, at in ended if at is not None and truth.time.now - at <= rest]
    return any(c.service == case.service or case.held_by == "stack_share" for c in (*have, *had))


def looks_within(truth: Truth) -> timedelta:
    """How often a case that waits is looked at: of so many as fail ``limits.looks`` a minute, but each every 15."""
    a_minute, hold = truth.policy.limits.looks, truth.policy.repair.hold
    return max(hold, min(timedelta(seconds=60 * truth.store.whole.failing / a_minute), LOOK_MOST))


def _begun_lately(case: Case, truth: Truth) -> bool:
    """Whether any other repair was begun in the last ten minutes."""
    return any(b.case_id != case.id and b.at > truth.time.now - RATE_WITHIN for b in truth.store.whole.begun)
