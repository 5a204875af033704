"""From a change of a case to what people are told: the incident it belongs to, and the notices that follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from defib.core.case import Action, Attempt, Case
from defib.core.incident import Incident, Member, Notice, Phase
from defib.core.message import News, compose
from defib.core.model import Cause, Verdict
from defib.core.policy import Policy

MEMBERS_MAX = 500
"""Cases named in one incident: keeps its item well under DynamoDB's 400 kB (DynamoDB Developer Guide, Quotas)."""

ROUTINE_GUARDS = frozenset({"concurrent_repairs", "maintenance", "zone_impaired"})
"""Waiting for one's turn is no news."""

ONCE_GUARDS = frozenset({"stack_share", "stack_rate"})
"""News once an incident: many wait for the same reason."""

ZONE_IMPAIRED = "zone_impaired"

SILENT = frozenset({Cause.HEALTHY, Cause.INITIALIZING, Cause.STOPPING, Cause.STOPPED_BY_PERSON, Cause.TERMINATED})
"""What an instance that failed with its zone may be in once the zone has recovered, without being trouble itself."""

NEWS = {
    Action.STOP: News.STOPPING,
    Action.FORCE_STOP: News.FORCING,
    Action.SKIP_OS_SHUTDOWN: News.SKIPPING,
    Action.REPLACE: News.REPLACING,
}
"""Actions that people want to hear of after the opening notice."""


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


def under_repair(incident: Incident | None, case_id: str) -> int:
    """How many other cases of the service Defib is acting on."""
    if incident is None:
        return 0
    return sum(1 for m in incident.members if m.case_id != case_id and m.phase in (Phase.REPAIRING, Phase.VERIFYING))


def announce(
    incident: Incident | None, before: Case, after: Case, policy: Policy, now: datetime
) -> tuple[Incident | None, tuple[Notice, ...]]:
    """The incident after ``before`` became ``after``, and what people are told of it.

    ``incident`` is the service's newest, open or resolved. A case nobody has confirmed is nobody's business: it is
    returned unchanged, with no notices.
    """
    service = policy.service(after.service)
    if after.confirmed_at is None or service is None:
        return incident, ()
    if _with_its_zone(after) and (incident is None or not _is_member(incident, after)):
        return incident, ()
    current = _current(incident, after, now)
    joined = _with_member(current, after)
    news = _news(current, before, after)
    if News.HELD in news and after.held_by in ONCE_GUARDS:
        joined = replace(joined, told_of=(*current.told_of, after.held_by))
    if all(m.phase is Phase.CLOSED for m in joined.members):
        joined = replace(joined, resolved_at=now)
    notices: list[Notice] = []
    for item in news:
        joined, notice = compose(joined, after, item, service, policy, now)
        notices.append(notice)
    return (incident if joined == incident else joined), tuple(notices)


def _with_its_zone(after: Case) -> bool:
    """Whether the zone's own incident speaks for the case: it is held with its zone, or was and is well again."""
    return after.held_by == ZONE_IMPAIRED or (ZONE_IMPAIRED in after.told_of and after.cause in SILENT)


def _current(incident: Incident | None, case: Case, now: datetime) -> Incident:
    """The open incident of the service, or a new one."""
    if incident is not None and (incident.resolved_at is None or _is_member(incident, case)):
        return incident
    return Incident(service=case.service, number=incident.number + 1 if incident else 1, opened_at=now)


def _is_member(incident: Incident, case: Case) -> bool:
    return any(m.case_id == case.id for m in incident.members)


def _with_member(incident: Incident, case: Case) -> Incident:
    cause = case.confirmed_cause or case.cause
    member = Member(
        case.id, case.instance_id, case.name, case.zone, cause, case.failing_since or case.since, phase_of(case)
    )
    if _is_member(incident, case):
        members = tuple(member if m.case_id == case.id else m for m in incident.members)
    else:
        kept = incident.members
        if len(kept) >= MEMBERS_MAX:
            closed = next((m for m in kept if m.phase is Phase.CLOSED), None)
            kept = tuple(m for m in kept if m is not closed)
        members = (*kept, member)
    return replace(incident, members=members)


def _news(current: Incident, before: Case, after: Case) -> list[News]:
    """What has happened that people should hear, in order."""
    news: list[News] = []
    handed_over = after.handed_over_at is not None and before.handed_over_at is None
    if not _is_member(current, after) and not handed_over:
        news.append(News.JOINED if current.members else News.OPENED)
    intent = after.intent
    if intent is not None and intent.action in NEWS and before.intent != intent and _first(after, intent):
        news.append(NEWS[intent.action])
    if _resizes(after) > _resizes(before):
        news.append(News.RESIZED)
    if _first_failed_start(before, after):
        news.append(News.START_FAILED)
    if after.held_by and after.held_by not in (*before.told_of, *current.told_of, *ROUTINE_GUARDS):
        news.append(News.HELD)
    if handed_over:
        news.append(News.ESCALATED)
    if after.closed_at is not None and before.closed_at is None:
        news.append(News.CLOSED)
    return news


def _first(case: Case, attempt: Attempt) -> bool:
    """Whether this is the first try of its kind since the last start: retries are no news."""
    for earlier in reversed(case.attempts[: attempt.number - 1]):
        if earlier.action is Action.START and earlier.done_at:
            return True
        if earlier.action is attempt.action:
            return False
    return True


def _resizes(case: Case) -> int:
    """How often AWS has given it another type."""
    done = (a.result.verdict for a in case.attempts if a.action is Action.RESIZE and a.result is not None)
    return sum(1 for verdict in done if verdict is Verdict.DONE)


def _first_failed_start(before: Case, after: Case) -> bool:
    """Whether AWS has just failed to start it for the first time in this case."""
    return _failed_starts(before) == 0 and _failed_starts(after) == 1


def _failed_starts(case: Case) -> int:
    failed = (Verdict.RETRY, Verdict.REFUSED)
    return sum(
        1 for a in case.attempts if a.action is Action.START and a.result is not None and a.result.verdict in failed
    )
