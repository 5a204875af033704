"""What of a link's offers still counts at this moment, and why the rest does not."""

from __future__ import annotations

from datetime import datetime

from defib.core.answer.link import Link, Say
from defib.core.approval import Answer, Choice, unheeded
from defib.core.call import CallAnswer
from defib.core.call import unheeded as unheard
from defib.core.case import Case
from defib.core.frozen import dataclass
from defib.core.incident import Incident
from defib.core.words import clock


@dataclass(frozen=True, slots=True)
class Standing:
    """How the question stands."""

    offers: tuple[Say, ...] = ()
    """What may still be said."""
    why: str = ""
    """Why nothing, or not all, may be said any more: a whole sentence; empty while all may."""
    known: bool = True
    """Whether there is such a question: False where the link's case is none of its incident's."""


def standing(link: Link, incident: Incident | None, case: Case | None, now: datetime) -> Standing:
    """How the question of ``link`` stands, whose incident and case these are; None: there is none of that name."""
    if incident is None or not _belongs(link, incident, case):
        return Standing(known=False, why="Defib knows no such question.")
    parts = []
    if case is not None and any(say.choice is not None for say in link.offers):
        parts.append(_approval(link, case, now))
    if any(say.reaction is not None for say in link.offers):
        parts.append(_call(link, incident))
    offers = tuple(say for part in parts for say in part.offers)
    return Standing(offers, " ".join(part.why for part in parts if part.why))


def _belongs(link: Link, incident: Incident, case: Case | None) -> bool:
    """Whether the link's case is one of the incident's. A closed one may have been left out of a crowded incident."""
    if not link.case_id:
        return all(say.choice is None for say in link.offers)
    if case is None or case.service != incident.service:
        return False
    return case.closed_at is not None or any(member.case_id == case.id for member in incident.members)


def _call(link: Link, incident: Incident) -> Standing:
    offers = tuple(
        say
        for say in link.offers
        if say.reaction is not None and not unheard(incident, CallAnswer(incident.id, say.reaction, ""))
    )
    asked = tuple(say for say in link.offers if say.reaction is not None)
    return Standing(offers, "" if offers == asked else _why_not_called(incident))


def _why_not_called(incident: Incident) -> str:
    if incident.resolved_at is not None:
        return f"The incident was over at {clock(incident.resolved_at)}."
    if incident.call is None or incident.call.pause is None:
        return "Nobody is needed for it any more."
    pause = incident.call.pause
    return f"{pause.by} is on it since {clock(pause.at)}."


def _approval(link: Link, case: Case, now: datetime) -> Standing:
    is_open = case if case.closed_at is None else None
    offers = tuple(
        say
        for say in link.offers
        if say.choice is not None and not unheeded(is_open, Answer(case.id, say.choice, ""), now)
    )
    asked = tuple(say for say in link.offers if say.choice is not None)
    return Standing(offers, "" if offers == asked else _why(case, now))


def _why(case: Case, now: datetime) -> str:
    asked = case.approval
    if case.closed_at is not None:
        return f"The case was closed at {clock(case.closed_at)}: {case.reason}."
    if asked is None:
        return "Nobody has been asked about this repair."
    if asked.choice is not None and asked.answered_at is not None:
        said = "yes" if asked.choice is Choice.APPROVE else "no"
        return f"{asked.by} said {said} at {clock(asked.answered_at)}."
    if case.handed_over_at is not None:
        return f"Defib has left it to people since {clock(case.handed_over_at)}: {case.reason}."
    return f"The time for a yes was over at {clock(min(asked.until, now))}."
