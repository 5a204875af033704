"""One notice, fit to read at 3 a.m.: what, where, since when, what is being done, what you must do."""

from __future__ import annotations

from datetime import datetime

from defib.core import in_a_row
from defib.core.approval import Choice
from defib.core.audience import audience
from defib.core.brevity import sms_of, subject_of
from defib.core.call import HANDED_OVER, Want, wanted
from defib.core.call_news import lines_of
from defib.core.case import Attempt, Case
from defib.core.escalation import Tier
from defib.core.forewarning import forewarned
from defib.core.frozen import replace
from defib.core.harm import asks, is_kept, severity_of
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.model import Cause, Verdict
from defib.core.news import News, Story
from defib.core.policy import Policy, Service
from defib.core.severity import Severity
from defib.core.start import left_down
from defib.core.story import members_line, story_of
from defib.core.timeline import timeline_of, with_line
from defib.core.words import (
    CAUSE_WORDS,
    NAME_MAX,
    began,
    clock,
    date_of,
    dated_clock,
    evidence_of,
    name_of,
    plain,
)

FIRST_SHOWN, NEWEST_SHOWN = 10, 15
"""Attempts that an e-mail lists. Nobody reads weeks of starts in vain, and SNS takes no message beyond 256 KiB, in
which the text stands three times (SNS API, Publish, Message)."""


def compose(
    incident: Incident, case: Case, news: News, service: Service, policy: Policy, now: datetime
) -> tuple[Incident, Notice]:
    """The next notice of ``incident``, and the incident with the notice in its timeline."""
    story = forewarned(news, case, service, policy, now) or story_of(news, incident, case, service, policy)
    if news in (News.CLOSED, News.PUT_OFF) and ends_trouble(incident, case):
        story = replace(story, kind=NoticeKind.RESOLVED)
    headline = f"{name_of(case)} {story.headline}"
    told = with_line(incident, headline, now)
    if asks(story.kind, case):
        told = _wanted(told, case, news, Want("", "", now, headline, story.duty, evidence_of(case)), policy)
    loud = news is News.REMINDED or left_down(case, policy.repair)
    severity = Severity.HIGH if loud else severity_of(story.kind, told, case, service)
    name = plain(case.name, NAME_MAX)
    where = f" ({case.zone})" if case.zone and story.kind is NoticeKind.OPENED else ""
    notice = Notice(
        incident_id=told.id,
        service=service.name,
        sequence=told.notices,
        kind=story.kind,
        at=now,
        case_id=case.id,
        instance_id=case.instance_id,
        subject=subject_of(f"[Defib {service.name}] {_SUBJECT[story.kind]}{name}", story.headline),
        body=_body(told, case, headline, story, policy, now),
        sms=sms_of(f"Defib {service.name}: {name}{where}", story.headline, story.brief),
        severity=severity,
        tier=_tier(told, story.kind, case, policy),
    )
    return told, notice


def ends_trouble(incident: Incident, case: Case) -> bool:
    """Whether nobody is needed any more in an incident with a failure, or with a restart before an event that began.

    Whoever heard of either, and a machine that has an alert for it, hears of its end.
    """
    failed = any(m.cause is not Cause.EVENT_SCHEDULED for m in incident.members)
    return (failed or case.begun) and all(m.is_settled for m in incident.members)


def _wanted(incident: Incident, case: Case, news: News, want: Want, policy: Policy) -> Incident:
    """The incident once the case asks for a person."""
    if news is News.ONE_BY_ONE:
        return wanted(incident, replace(want, about=news.value, why=news.value), policy, want.at)
    why = HANDED_OVER if case.handed_over_at is not None else case.held_by
    if why == in_a_row.GUARD:
        name = in_a_row.told_as(case)
        return wanted(incident, replace(want, about=name, why=name), policy, want.at)
    said_no = case.approval is not None and case.approval.choice is Choice.REJECT and why == HANDED_OVER
    by = case.approval.by if case.approval is not None and said_no else ""
    return wanted(incident, replace(want, about=case.id, why=why), policy, want.at, by, must=is_kept(case))


def _tier(incident: Incident, kind: NoticeKind, case: Case, policy: Policy) -> Tier:
    """Who hears of it: those who are asked now, or all who were; of what Defib keeps from serving somebody does."""
    call = incident.call if asks(kind, case) else None
    tier = call.tier if call is not None else incident.reached or Tier.FIRST
    kept = is_kept(case) or left_down(case, policy.repair)
    unheard = kept and not audience(incident.service, tier, policy)
    return Tier.EVERYBODY if unheard else tier


_SUBJECT = {
    NoticeKind.OPENED: "",
    NoticeKind.PROGRESS: "",
    NoticeKind.HELD: "HELD: ",
    NoticeKind.APPROVAL: "APPROVE? ",
    NoticeKind.ESCALATED: "NEEDS YOU: ",
    NoticeKind.RESOLVED: "resolved: ",
    NoticeKind.PLANNED: "PLANNED: ",
    NoticeKind.CALLED: "NEEDS YOU: ",
    NoticeKind.ACKNOWLEDGED: "",
}


def _body(incident: Incident, case: Case, headline: str, story: Story, policy: Policy, now: datetime) -> str:
    parts = [
        f"{headline}.",
        _wrong(case),
        f"Where:            service {case.service}, {case.zone or 'zone unknown'}, {case.instance_id}.",
        f"Since:            {date_of(began(case))} {clock(began(case))}, confirmed {_confirmed(case)}.",
        f"What Defib does:  {story.doing}",
        f"What you must do: {story.duty}",
        *lines_of(incident, policy),
    ]
    evidence = evidence_of(case)
    if evidence:
        parts.append(f"Evidence:         {evidence}")
    others = members_line(incident)
    if others:
        parts.append(f"The incident:     {others}")
    parts.append(f"\nActions on {case.name}\n{_attempts(case)}")
    parts.append(timeline_of(incident, now))
    parts.append(f"\nIncident {incident.id}, case {case.id}, notice {incident.notices}.")
    return "\n".join(parts)


def _wrong(case: Case) -> str:
    if case.closed_at is not None and case.confirmed_cause is not None:
        return f"What was wrong:   {CAUSE_WORDS[case.confirmed_cause]}."
    return f"What is wrong:    {CAUSE_WORDS[case.cause]} ({'; '.join(case.evidence) or 'no evidence yet'})."


def _confirmed(case: Case) -> str:
    # What AWS had announced was confirmed days before its restart began.
    began_at = began(case)
    return dated_clock(max(case.confirmed_at, began_at), began_at) if case.confirmed_at is not None else "not yet"


def _attempts(case: Case) -> str:
    lines = [f"  {_attempt(a, began(case))}" for a in case.attempts]
    more = len(lines) - FIRST_SHOWN - NEWEST_SHOWN
    if more > 0:
        left_out = f"  ... {more} more, as they stand in the trail of case {case.id} ..."
        lines = [*lines[:FIRST_SHOWN], left_out, *lines[-NEWEST_SHOWN:]]
    return "\n".join(lines) or "  none yet"


def _attempt(attempt: Attempt, since: datetime) -> str:
    result = attempt.result
    if result is None:
        ended = "under way"
    elif result.verdict is Verdict.DONE:
        ended = "done"
    else:
        ended = " ".join(p for p in (result.verdict.value, result.code, result.detail) if p)
    at = dated_clock(attempt.intended_at, since)
    return f"{at}  {attempt.action.value.replace('_', ' ')}: {attempt.reason} ({ended})"
