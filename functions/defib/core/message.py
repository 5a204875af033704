"""One notice, fit to read at 3 a.m.: what, where, since when, what is being done, what you must do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from defib.core.case import Action, Attempt, Case, Outcome
from defib.core.duration import format_duration
from defib.core.incident import Incident, Notice, NoticeKind, Phase
from defib.core.model import Verdict
from defib.core.policy import Mode, Policy, Service
from defib.core.start import STOPPED
from defib.core.start_failure import meaning
from defib.core.words import (
    ACTION_WORDS,
    CAUSE_SHORT,
    CAUSE_WORDS,
    NAME_MAX,
    SMS_MAX,
    SUBJECT_MAX,
    began,
    brief_plan,
    clock,
    evidence_of,
    name_of,
    plain,
    plan,
)

TIMELINE_MAX = 40
"""Lines of the timeline that an e-mail repeats."""

NOTHING = "Nothing now. Defib tells you when it works again, or if it needs you."


class News(StrEnum):
    """What has happened to a case that people should hear."""

    OPENED = "opened"
    JOINED = "joined"
    STOPPING = "stopping"
    FORCING = "forcing"
    REPLACING = "replacing"
    START_FAILED = "start_failed"
    RESIZED = "resized"
    SKIPPING = "skipping"
    HELD = "held"
    ESCALATED = "escalated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class _Story:
    kind: NoticeKind
    headline: str
    """One sentence after the instance's name, without a full stop."""
    doing: str
    duty: str
    brief: str
    """What an SMS says after the headline."""


def compose(
    incident: Incident, case: Case, news: News, service: Service, policy: Policy, now: datetime
) -> tuple[Incident, Notice]:
    """The next notice of ``incident``, and the incident with the notice in its timeline."""
    story = _story(news, incident, case, service, policy)
    headline = f"{name_of(case)} {story.headline}"
    entry = f"{clock(now)}  {headline}"
    told = replace(incident, notices=incident.notices + 1, timeline=(*incident.timeline, entry)[-TIMELINE_MAX:])
    name = plain(case.name, NAME_MAX)
    where = f" ({case.zone})" if case.zone and story.kind is NoticeKind.OPENED else ""
    brief = f"Defib {service.name}: {name}{where} {story.headline}. {story.brief}"
    notice = Notice(
        incident_id=told.id,
        service=service.name,
        sequence=told.notices,
        kind=story.kind,
        at=now,
        case_id=case.id,
        instance_id=case.instance_id,
        subject=plain(f"[Defib {service.name}] {_SUBJECT[story.kind]}{name} {story.headline}", SUBJECT_MAX),
        body=_body(told, case, headline, story, now),
        sms=plain(brief, SMS_MAX),
    )
    return told, notice


_SUBJECT = {
    NoticeKind.OPENED: "",
    NoticeKind.PROGRESS: "",
    NoticeKind.HELD: "HELD: ",
    NoticeKind.ESCALATED: "NEEDS YOU: ",
    NoticeKind.RESOLVED: "resolved: ",
}


def _story(news: News, incident: Incident, case: Case, service: Service, policy: Policy) -> _Story:
    match news:
        case News.OPENED | News.JOINED:
            return _opened(news, case, service, policy)
        case News.STOPPING | News.FORCING | News.SKIPPING | News.REPLACING | News.RESIZED | News.START_FAILED:
            return _progress(news, case)
        case News.HELD:
            would = ACTION_WORDS[case.held_action] if case.held_action is not None else "acted on it"
            return _Story(
                NoticeKind.HELD,
                f"is held: {case.reason}",
                f"Nothing for now. It would have {would}. It looks again every {format_duration(policy.repair.hold)}"
                " and goes on by itself when the reason is gone.",
                "Decide whether to act yourself; Defib will not until the reason is gone.",
                f"Defib would have {would}. Please decide.",
            )
        case News.ESCALATED:
            return _escalated(case, policy)
        case News.CLOSED:
            return _closed(incident, case)
    assert_never(news)


def _opened(news: News, case: Case, service: Service, policy: Policy) -> _Story:
    kind = NoticeKind.OPENED if news is News.OPENED else NoticeKind.PROGRESS
    headline = f"{CAUSE_SHORT[case.cause]} since {began(case):%H:%M} UTC"
    doing = plan(case, service, policy)
    if service.mode is Mode.OBSERVE:
        doing = f"Nothing: service {service.name} is in observe mode. In heal mode: {doing}"
        return _Story(kind, headline, doing, "Act yourself: Defib only observes.", "Defib only observes. Please look.")
    return _Story(kind, headline, doing, NOTHING, f"{brief_plan(case, service)} Nothing for you to do.")


def _progress(news: News, case: Case) -> _Story:
    if news is News.START_FAILED:
        starts = [a.result for a in case.attempts if a.action is Action.START and a.result is not None]
        said = (starts[-1].code or starts[-1].detail) if starts else ""
        said = said or "AWS gives no reason"
        means = f"That means: {meaning(said)}. " if meaning(said) else ""
        return _Story(
            NoticeKind.PROGRESS,
            f"could not be started: {said}",
            f"{means}It tries again after a pause, and asks you if that fails too.",
            NOTHING,
            "Defib tries again.",
        )
    if news is News.FORCING:
        doing = "It forces the stop, then starts it."
        return _Story(NoticeKind.PROGRESS, "does not stop by itself", doing, NOTHING, "Defib forces its stop.")
    if news is News.SKIPPING:
        doing = "It stops it without letting its system shut down, then starts it."
        return _Story(NoticeKind.PROGRESS, "does not stop even when forced", doing, NOTHING, "Its shutdown is skipped.")
    if news is News.RESIZED:
        change = case.last(Action.RESIZE)
        to = change.to if change is not None else "another type"
        doing = f"It has changed its type from {case.instance_type} to {to}, and starts it."
        headline = f"becomes a {to}: no room for a {case.instance_type}"
        return _Story(NoticeKind.PROGRESS, headline, doing, NOTHING, "Defib has changed its type.")
    if news is News.REPLACING:
        doing = f"It tells its Auto Scaling group {case.group} to terminate it and launch another."
        return _Story(NoticeKind.PROGRESS, "is to be replaced", doing, NOTHING, "Its group replaces it.")
    headline = f"still {CAUSE_SHORT[case.cause]}" if len(case.attempts) > 2 else f"{CAUSE_SHORT[case.cause]}"
    doing = f"It stops it now and starts it on another host ({case.reason})."
    return _Story(NoticeKind.PROGRESS, headline, doing, NOTHING, "Defib stops and starts it now.")


def _escalated(case: Case, policy: Policy) -> _Story:
    if case.cause not in STOPPED:
        doing = "It watches; it acts no more."
        return _Story(NoticeKind.ESCALATED, f"needs you: {case.reason}", doing, case.ask, "Please look now.")
    again = format_duration(policy.repair.start_again)
    doing = f"It is STOPPED now. Defib goes on trying to start it, at first every {again}."
    headline = f"is STOPPED and needs you: {case.reason}"
    return _Story(NoticeKind.ESCALATED, headline, doing, case.ask, "Please look now.")


def _closed(incident: Incident, case: Case) -> _Story:
    over = all(m.phase is Phase.CLOSED for m in incident.members)
    kind = NoticeKind.RESOLVED if over else NoticeKind.PROGRESS
    took = format_duration(_whole_seconds((case.closed_at or case.opened_at) - began(case)))
    match case.outcome:
        case Outcome.HEALED | Outcome.RECOVERED:
            headline, duty = f"works again after {took}: {case.reason}", "Nothing."
        case Outcome.TERMINATED:
            headline, duty = "has been terminated", "Nothing, if that was intended."
        case Outcome.REPLACED:
            headline, duty = f"is being replaced: {case.reason}", "Nothing."
        case Outcome.LEFT_ALONE:
            headline, duty = f"is left alone: {case.reason}", "Nothing, if that was intended."
            if case.cause in STOPPED:
                headline, duty = f"is STOPPED and left alone: {case.reason}", "Start it, if it should run."
        case Outcome.HANDED_OVER | Outcome.NOTHING_WRONG | None:
            still = "is STOPPED and no longer watched" if case.cause in STOPPED else "is no longer watched"
            headline, duty = f"{still}: {case.reason}", "See to it if you have not yet."
        case _:
            assert_never(case.outcome)
    doing = "Nothing more." if over else f"It goes on with the others. {_members_line(incident)}"
    return _Story(kind, headline, doing, duty, f"Since {began(case):%H:%M} UTC.")


def _body(incident: Incident, case: Case, headline: str, story: _Story, now: datetime) -> str:
    timeline = "\n".join(f"  {entry}" for entry in incident.timeline)
    parts = [
        f"{headline}.",
        _wrong(case),
        f"Where:            service {case.service}, {case.zone or 'zone unknown'}, {case.instance_id}.",
        f"Since:            {began(case):%d %B %Y} {clock(began(case))}, confirmed {_confirmed(case)}.",
        f"What Defib does:  {story.doing}",
        f"What you must do: {story.duty}",
    ]
    evidence = evidence_of(case)
    if evidence:
        parts.append(f"Evidence:         {evidence}")
    others = _members_line(incident)
    if others:
        parts.append(f"The incident:     {others}")
    parts.append(f"\nActions on {case.name}\n{_attempts(case)}")
    parts.append(f"\nTimeline of incident {incident.id} (written {clock(now)})\n{timeline}")
    parts.append(f"\nIncident {incident.id}, case {case.id}, notice {incident.notices}.")
    return "\n".join(parts)


def _wrong(case: Case) -> str:
    if case.closed_at is not None and case.confirmed_cause is not None:
        return f"What was wrong:   {CAUSE_WORDS[case.confirmed_cause]}."
    return f"What is wrong:    {CAUSE_WORDS[case.cause]} ({'; '.join(case.evidence) or 'no evidence yet'})."


def _confirmed(case: Case) -> str:
    return clock(case.confirmed_at) if case.confirmed_at is not None else "not yet"


def _whole_seconds(span: timedelta) -> timedelta:
    return timedelta(seconds=max(0, round(span.total_seconds())))


def _attempts(case: Case) -> str:
    return "\n".join(f"  {_attempt(a)}" for a in case.attempts) or "  none yet"


def _attempt(attempt: Attempt) -> str:
    result = attempt.result
    if result is None:
        ended = "under way"
    elif result.verdict is Verdict.DONE:
        ended = "done"
    else:
        ended = " ".join(p for p in (result.verdict.value, result.code, result.detail) if p)
    return f"{clock(attempt.intended_at)}  {attempt.action.value.replace('_', ' ')}: {attempt.reason} ({ended})"


def _members_line(incident: Incident) -> str:
    """How the incident's instances stand, when there is more than one."""
    if len(incident.members) < 2:
        return ""
    trouble = [m for m in incident.members if m.phase is not Phase.CLOSED]
    names = ", ".join(m.name for m in trouble[:10])
    more = f" and {len(trouble) - 10} more" if len(trouble) > 10 else ""
    named = f" ({names}{more})" if trouble else ""
    return f"{len(trouble)} of {len(incident.members)} instances still in trouble{named}."
