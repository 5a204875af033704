"""From a change of a case to what people are told: the incident it belongs to, and the notices that follow."""

from __future__ import annotations

from datetime import datetime

from defib.core import approval, in_a_row, one_by_one, planned
from defib.core.case import Action, Attempt, Case, Outcome
from defib.core.forewarning import news_of
from defib.core.frozen import replace
from defib.core.guard import SPOKEN_FOR
from defib.core.handed_over import told_at
from defib.core.harm import harmed, is_kept
from defib.core.incident import Incident, Member, Notice, Phase
from defib.core.look import differ_in_look_only
from defib.core.message import compose, ends_trouble
from defib.core.model import NOT_TROUBLE, Cause, Verdict
from defib.core.news import News
from defib.core.policy import ApplicationRemedy, Mode, Policy, Service
from defib.core.standing import member_of
from defib.core.withdrawal import withdrawn

MEMBERS_MAX = 500
"""Cases named in one incident: keeps its item well under DynamoDB's 400 kB (DynamoDB Developer Guide, Quotas). Of more
that only wait the others have no place in it until one is free; what Defib works on always has one."""

AT_WORK = frozenset({Phase.REPAIRING, Phase.VERIFYING})

ROUTINE_GUARDS = frozenset({"concurrent_repairs", "others_under_repair", "maintenance", "zone_impaired", "one_by_one"})
"""Waiting for one's turn is no news, nor what another message has said."""

ONCE_GUARDS = frozenset({"stack_share", "stack_rate", "aws_issue", "group_replacements"})
"""News once an incident: many wait for the same reason."""

UNHEARD_GUARDS = ROUTINE_GUARDS | ONCE_GUARDS
"""They may hold a case of which nobody hears by name."""

NEWS = {
    Action.STOP: News.STOPPING,
    Action.FORCE_STOP: News.FORCING,
    Action.SKIP_OS_SHUTDOWN: News.SKIPPING,
    Action.REPLACE: News.REPLACING,
}
"""Actions that people want to hear of after the opening notice."""

ASKS = frozenset({News.HELD, News.ASKING, News.ESCALATED, News.ONE_BY_ONE})
"""News by which a person may be asked for."""


def under_repair(incident: Incident | None, case_id: str) -> tuple[str, ...]:
    """The instances of the service's other cases that Defib is acting on."""
    if incident is None:
        return ()
    # Of a long incident most are over.
    going_on = [m for m in incident.members if m.phase is not Phase.CLOSED]
    return tuple([m.instance_id for m in going_on if _is_worked_on(m) and m.case_id != case_id])


def _is_worked_on(member: Member) -> bool:
    return (member.phase in AT_WORK and not member.idle) or member.is_away


def announce(
    incident: Incident | None, before: Case, after: Case, policy: Policy, now: datetime
) -> tuple[Incident | None, tuple[Notice, ...]]:
    """The incident after ``before`` became ``after``, and what people are told of it.

    ``incident`` is the service's newest, open or resolved. A case nobody has confirmed is nobody's business: it is
    returned unchanged, with no notices. Of a service that has left the policy people hear how its cases end.
    """
    if after.confirmed_at is None:
        return incident, ()
    if incident is not None and _has_said(incident, before, after):
        # What there was to say of this state of the case was said when it came to be.
        return incident, ()
    service = policy.service(after.service) or Service(after.service, {})
    foretold = news_of(before, after)
    needless = _spoken_for(after) or _ends_unheard_of(before, after)
    needless = needless and (incident is None or not _is_member(incident, after))
    if needless and not foretold:
        return incident, ()
    current = _current(incident, after, service, now)
    joined = _with_member(current, after, put_off=planned.is_put_off(after, policy, service, now))
    joined = replace(joined, falls=one_by_one.remember(joined.falls, after, service, now))
    # The incident that speaks for many says nothing of what is to befall this one.
    so_far = [] if needless else _news(current, joined, before, after)
    joined, news = _as_one(current, joined, after, [*foretold, *so_far], service, now)
    news += [News.PUT_OFF] if _is_put_off(current, joined, after, news) else []
    if not news and _only_waits(incident, after):
        return incident, ()
    if News.HELD in news and after.held_by in ONCE_GUARDS:
        joined = replace(joined, told_of=(*current.told_of, in_a_row.told_as(after)))
    # Those that came last are the likeliest not to be.
    if all(m.is_settled for m in reversed(joined.members)):
        joined = replace(joined, resolved_at=now)
    joined = replace(joined, harmed=harmed(joined, after, service, policy))
    asking = not ASKS.isdisjoint(news)
    joined = joined if asking else withdrawn(joined, after)
    notices: list[Notice] = []
    for item in news:
        joined, notice = compose(joined, after, item, service, policy, now)
        notices.append(notice)
    # What asks anew goes on asking those whom it has reached, for its new reason; the old one ends only then.
    joined = withdrawn(joined, after) if asking else joined
    return (incident if joined == incident else joined), tuple(notices)


def _spoken_for(after: Case) -> bool:
    """Whether another incident speaks for the case: it is held with a crowd, or was and is well again."""
    return after.held_by in SPOKEN_FOR or (not SPOKEN_FOR.isdisjoint(after.told_of) and after.cause in NOT_TROUBLE)


def _ends_unheard_of(before: Case, after: Case) -> bool:
    """Whether a case is over of which people have heard nothing by itself; one for which there was no room, say."""
    heard = before.handed_over_at is not None or not frozenset(before.told_of) <= UNHEARD_GUARDS
    worked_on = any(a.action is not Action.EVIDENCE for a in before.attempts)
    foretold = after.confirmed_cause is Cause.EVENT_SCHEDULED
    return after.closed_at is not None and before.confirmed_at is not None and not (heard or worked_on or foretold)


def _current(incident: Incident | None, case: Case, service: Service, now: datetime) -> Incident:
    """The open incident of the service, or a new one.

    A case that waits for an announced event keeps no incident open. When it is acted on, that is in the newest: two
    repairs of a service that begin at once must write the same incident, so that one of them sees the other.
    """
    goes_on = case.confirmed_cause is not Cause.EVENT_SCHEDULED
    if incident is not None and (incident.resolved_at is None or (goes_on and _is_member(incident, case))):
        return incident
    if incident is None:
        return Incident(service=case.service, number=1, opened_at=now)
    falls = one_by_one.handed_on(incident.falls, service, now)
    return Incident(service=case.service, number=incident.number + 1, opened_at=now, falls=falls)


def _has_said(incident: Incident, before: Case, after: Case) -> bool:
    """Whether nothing but the next look has changed of a member of the open incident."""
    return incident.resolved_at is None and differ_in_look_only(before, after) and _is_member(incident, after)


def _is_member(incident: Incident, case: Case) -> bool:
    return case.id in [m.case_id for m in incident.members]


def _is_followed(incident: Incident, case: Case) -> bool:
    """Whether people have yet to hear how a case ends: they have it in hand, or it keeps ``incident`` open."""
    known = next((m for m in incident.members if m.case_id == case.id), None)
    return case.handed_over_at is not None or (known is not None and not known.is_settled)


def _with_member(incident: Incident, case: Case, *, put_off: bool) -> Incident:
    member = member_of(case)
    if put_off:
        member = replace(member, phase=Phase.WATCHING)
    if _is_member(incident, case):
        members = tuple([member if m.case_id == member.case_id else m for m in incident.members])
    else:
        kept = incident.members
        if len(kept) >= MEMBERS_MAX:
            spare = _spare(kept, member)
            if spare is None and not _is_worked_on(member):
                return incident
            kept = tuple(m for m in kept if m is not spare)
        members = (*kept, member)
    return replace(incident, members=members)


def _spare(members: tuple[Member, ...], newcomer: Member) -> Member | None:
    """Whose place ``newcomer`` may have: that of a case that is over, or, if Defib works on it, of one that waits."""
    over = next((m for m in members if m.phase is Phase.CLOSED), None)
    if over is not None or not _is_worked_on(newcomer):
        return over
    return next((m for m in members if not _is_worked_on(m)), None)


def _news(current: Incident, joined: Incident, before: Case, after: Case) -> list[News]:
    """What has happened that people should hear, in order. ``joined`` is the incident with the case, if it has room."""
    news: list[News] = []
    handed_over = told_at(after) not in (None, told_at(before))
    foretold = after.confirmed_cause is Cause.EVENT_SCHEDULED
    if not _is_member(current, after) and _is_member(joined, after) and not handed_over and not foretold:
        troubled = any(m.cause is not Cause.EVENT_SCHEDULED for m in current.members)
        # What is over already joins nothing; what it is alone in has a beginning and an end.
        news += [] if troubled and after.closed_at is not None else [News.JOINED if troubled else News.OPENED]
    intent = after.intent
    if _approved(after) and not _approved(before):
        news.append(News.APPROVED)
    elif intent is not None and intent.action in NEWS and before.intent != intent and _first(after, intent):
        news.append(NEWS[intent.action])
    if _resizes(after) > _resizes(before):
        news.append(News.RESIZED)
    if _first_failed_start(before, after):
        news.append(News.START_FAILED)
    if after.held_by and _is_news(current, before, after):
        news.append(News.ASKING if after.held_by == approval.GUARD else News.HELD)
    if told_at(after) != told_at(before):
        news.append(News.ESCALATED if handed_over else News.TAKEN_BACK)
    # What only waited says nothing when it gives way; whoever heard of a restart hears what came of it.
    unheard = after.outcome is Outcome.GAVE_WAY and not _is_followed(current, after)
    if after.closed_at is not None and before.closed_at is None and not unheard:
        news.append(News.CLOSED)
    return news


def _is_news(current: Incident, before: Case, after: Case) -> bool:
    """Whether people have not been told of the guard; of one that holds what Defib keeps down they are each time."""
    stopping = after.cause is Cause.STUCK_STOPPING and after.tried(Action.STOP)
    routine = after.held_by in ROUTINE_GUARDS and not (stopping and after.held_by == "maintenance")
    if stopping or after.owes_start(after.cause) or is_kept(after):
        return not routine and (before.held_by, before.cause) != (after.held_by, after.cause)
    told = planned.told_as(after.held_by, after.cause) in before.told_of
    return not (routine or told or in_a_row.told_as(after) in current.told_of)


def _is_put_off(current: Incident, joined: Incident, after: Case, news: list[News]) -> bool:
    """Whether an incident of which people have heard ends in silence: a restart had begun in it, and is put off."""
    begun = after.confirmed_cause is Cause.EVENT_SCHEDULED and after.begun and after.closed_at is None
    if not begun or current.notices == 0 or all(m.is_settled for m in current.members):
        return False
    return all(m.is_settled for m in joined.members) and (not news or ends_trouble(joined, after))


def _only_waits(incident: Incident | None, case: Case) -> bool:
    """Whether a case that waits for an announced event has only looked again: that changes no incident."""
    is_open = incident is not None and incident.resolved_at is None and _is_member(incident, case)
    waits = case.confirmed_cause is Cause.EVENT_SCHEDULED and planned.at_rest(case) and case.handed_over_at is None
    return waits and not is_open


def _as_one(
    current: Incident, joined: Incident, after: Case, news: list[News], service: Service, now: datetime
) -> tuple[Incident, list[News]]:
    """Of applications that fall one by one people hear once, in place of once for each server."""
    recent = one_by_one.lately(joined.falls, service, now)
    fall = one_by_one.fall_of(joined.falls, after)
    known = one_by_one.fall_of(current.falls, after) is not None
    if fall is not None and not known and after.closed_at is None and one_by_one.recognised(recent, service):
        first = not one_by_one.still_down(replace(joined, falls=recent))
        among = {f.case_id for f in recent}
        falls = tuple(replace(f, told=f.case_id in among) for f in joined.falls)
        news = [*([News.ONE_BY_ONE] if first else []), *(n for n in news if n not in (News.OPENED, News.JOINED))]
        joined, fall = replace(joined, falls=falls), replace(fall, told=True)
    if fall is None or not fall.told or fall.restarted_at is not None:
        return joined, news
    said = set[News]()
    if one_by_one.still_down(joined):
        said.add(News.CLOSED)
    if after.held_by == "observe_mode" and not is_kept(after):
        said.add(News.HELD)
    if service.mode is Mode.OBSERVE or service.application_down is ApplicationRemedy.TELL:
        said.add(News.ESCALATED)
    return joined, [n for n in news if n not in said]


def _approved(case: Case) -> bool:
    return case.approval is not None and case.approval.choice is approval.Choice.APPROVE


def _first(case: Case, attempt: Attempt) -> bool:
    """Whether this is the first try of its kind since the last start: retries are no news."""
    for earlier in reversed(case.attempts[: attempt.number - 1]):
        if earlier.action is Action.START and earlier.done_at:
            return True
        if earlier.action is attempt.action:
            return False
    return True


def _resizes(case: Case) -> int:
    """How many types AWS has given it: in a long drought they take turns, and are told once each."""
    done = [a for a in case.attempts if a.action is Action.RESIZE and a.result is not None]
    return len({a.to for a in done if a.result is not None and a.result.verdict is Verdict.DONE})


def _first_failed_start(before: Case, after: Case) -> bool:
    """Whether AWS has just failed to start it for the first time in this case."""
    return _failed_starts(before) == 0 and _failed_starts(after) == 1


def _failed_starts(case: Case) -> int:
    failed = (Verdict.RETRY, Verdict.REFUSED)
    starts = (a.result for a in case.attempts if a.action is Action.START)
    return sum(1 for result in starts if result is not None and result.verdict in failed)
