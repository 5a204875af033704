"""What a page behind a link says of the incident, the instance and the link itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.answer.link import Link
from defib.core.call import Pause, Reaction
from defib.core.case import Case
from defib.core.duration import format_duration
from defib.core.incident import Incident
from defib.core.words import CAUSE_SHORT, CAUSE_WORDS, at_clock, began, clock, dated_clock, name_of


def subject(incident: Incident, case: Case | None) -> str:
    return case.name if case is not None else incident.id


def headline(case: Case) -> str:
    if case.closed_at is not None:
        return f"{name_of(case)}: {case.reason}."
    return f"{name_of(case)} {CAUSE_SHORT[case.cause]} since {began(case):%H:%M} UTC."


def facts_of(incident: Incident, case: Case | None, now: datetime) -> tuple[tuple[str, str], ...]:
    """What it is about and how it stands now."""
    what: tuple[tuple[str, str], ...] = ()
    if case is None:
        since = incident.opened_at
        state = f"over since {dated_clock(incident.resolved_at, since)}" if incident.resolved_at is not None else "open"
        stands = f"{state}; {_troubled(incident)}"
    else:
        since = began(case)
        was = "What was wrong" if case.closed_at is not None else "What is wrong"
        what = ((was, f"{CAUSE_WORDS[case.confirmed_cause or case.cause]}{_evidence(case)}"),)
        stands = case.reason or "Defib looks at it"
    when = f"{since:%d %B %Y} {clock(since)} ({_ago(now - since)})"
    return (*what, ("Since", when), ("Now", stands), *_on_it(incident))


def _troubled(incident: Incident) -> str:
    """How many instances are in trouble; what was said last, where it names none of them."""
    if incident.members:
        trouble = sum(1 for member in incident.members if not member.is_settled)
        return f"{trouble} of {len(incident.members)} instances in trouble"
    return f"last said: {incident.timeline[-1]}" if incident.timeline else "nothing has been said of it yet"


def _on_it(incident: Incident) -> tuple[tuple[str, str], ...]:
    """Who has answered a call; nothing while nobody has."""
    pause = incident.call.pause if incident.call is not None else None
    if pause is None:
        return ()
    return (("Who is on it", on_it(pause)),)


def on_it(pause: Pause) -> str:
    """Who has answered a call, and until when that counts."""
    does = "is on it" if pause.reaction is Reaction.ACKNOWLEDGE else "has put it off"
    return f"{pause.by} {does} since {clock(pause.at)}; Defib asks again {at_clock(pause.until, pause.at)}"


def where(incident: Incident, case: Case | None) -> tuple[tuple[str, str], ...]:
    """Where to look."""
    if case is None:
        return (("Incident", incident.id),)
    return (
        ("Instance", case.instance_id),
        ("Where", f"service {case.service}, {case.zone or 'zone unknown'}"),
        ("Incident", incident.id),
    )


def _evidence(case: Case) -> str:
    return f" ({'; '.join(case.evidence)})" if case.evidence and case.closed_at is None else ""


def link_facts(link: Link, now: datetime) -> tuple[tuple[str, str], ...]:
    sent = f"sent to {link.to}, " if link.to else ""
    return (
        ("This link", f"{sent}can be used until {link.expires_at:%d %B %H:%M} UTC ({within(link.expires_at - now)})"),
    )


def _ago(span: timedelta) -> str:
    return "just now" if span < timedelta(minutes=1) else f"{_coarse(span)} ago"


def within(span: timedelta) -> str:
    return f"in {_coarse(span)}" if span >= timedelta(minutes=1) else "in less than a minute"


def _coarse(span: timedelta) -> str:
    """To the minute: nobody counts seconds of an hour."""
    return format_duration(timedelta(minutes=int(span.total_seconds()) // 60))
