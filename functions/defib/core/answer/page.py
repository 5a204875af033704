"""What a person reads who has opened a link: one page for each way in which that can go."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from defib.core.answer.facts import facts_of, headline, link_facts, subject, where, within
from defib.core.answer.link import Link, Say, Use
from defib.core.answer.standing import Standing
from defib.core.case import Case
from defib.core.duration import format_duration
from defib.core.frozen import dataclass, replace
from defib.core.incident import Incident
from defib.core.policy import Policy
from defib.core.words import clock, plan

TIMELINE_MAX = 6
"""Lines of the incident's timeline: what fits a phone."""

OTHERWISE = "The e-mail also holds commands that do the same, for whoever may use the account."
ASK_AGAIN = "Look for a newer e-mail of the same incident."


class Tone(StrEnum):
    """How a page looks at first sight. Never told by colour alone."""

    ASKS = "asks"
    DONE = "done"
    OVER = "over"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Offer:
    """One button."""

    say: Say
    label: str
    then: str
    """What comes of it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a request, in words."""

    code: int
    """HTTP status."""
    tone: Tone
    title: str
    lead: str
    facts: tuple[tuple[str, str], ...] = ()
    """Name and text: what one has to know before one answers."""
    more: tuple[tuple[str, str], ...] = ()
    """What one may want to look up."""
    offers: tuple[Offer, ...] = ()
    timeline: tuple[str, ...] = ()
    """The incident's newest notices, the oldest first."""
    hint: str = ""
    problem: str = ""
    """What is wrong with what was sent; the person may send it again."""
    name: str = ""
    """The name as it was sent, so that nobody types it twice."""


def question(
    link: Link, incident: Incident, case: Case | None, stands: Standing, policy: Policy, now: datetime
) -> Page:
    """The question itself, with what may still be answered to it; nothing has happened yet."""
    if not stands.offers:
        return over(link, incident, case, stands, now)
    about = subject(incident, case)
    asks = any(say.choice is not None for say in stands.offers)
    service = policy.service(incident.service)
    facts = list(facts_of(incident, case, now))
    if asks and case is not None and service is not None:
        facts.append(("With your yes", plan(case, service, policy)))
    if asks and case is not None and case.approval is not None and case.approval.choice is None:
        until = f"{case.approval.until:%H:%M} UTC"
        facts.append(("Without an answer", f"By {until} ({within(case.approval.until - now)}) it is left to you."))
    if not asks and case is not None and case.ask:
        facts.append(("What is asked of you", case.ask))
    return Page(
        code=200,
        tone=Tone.ASKS,
        title=f"May Defib repair {about}?" if asks else f"Who looks after {about}?",
        lead=stands.why or (headline(case) if case is not None else "Defib asks for a person."),
        facts=tuple(facts),
        more=(*where(incident, case), *link_facts(link, now)),
        offers=tuple(offer_of(say, policy.answers.snooze) for say in stands.offers),
        timeline=incident.timeline[-TIMELINE_MAX:],
        hint="Opening this page has changed nothing. One answer, once: then this link is used up.",
    )


def mistaken(asked: Page, problem: str, name: str) -> Page:
    """The question again, with what was wrong with the answer; nothing has happened."""
    return replace(asked, code=400, problem=problem, name=name)


def taken(use: Use, incident: Incident, case: Case | None, snooze: timedelta, now: datetime) -> Page:
    """The answer has been passed on."""
    return Page(
        code=200,
        tone=Tone.DONE,
        title=f"Thank you, {use.by}.",
        lead=f"You said: {said(use.say, snooze)}, about {subject(incident, case)}. {then(use.say, snooze)}",
        facts=facts_of(incident, case, now),
        hint="What comes of it is in the next e-mail of the incident. You can close this page.",
    )


def repeated(use: Use, incident: Incident, case: Case | None, snooze: timedelta, now: datetime) -> Page:
    """The same answer once more: it was taken the first time."""
    return Page(
        code=200,
        tone=Tone.DONE,
        title="This has been said already.",
        lead=f"{who_said(use, snooze)} It counts once; nothing was done now.",
        facts=facts_of(incident, case, now),
        hint="You can close this page.",
    )


def used(use: Use, incident: Incident, case: Case | None, snooze: timedelta, now: datetime, *, tried: bool) -> Page:
    """The link is used up; whoever ``tried`` another answer is told that it did not count."""
    nothing = "Your answer has changed nothing: a link counts once." if tried else "A link counts once."
    return Page(
        code=409 if tried else 200,
        tone=Tone.OVER,
        title="This link has been used.",
        lead=f"{who_said(use, snooze)} {nothing}",
        facts=facts_of(incident, case, now),
        hint=f"To say something else: {OTHERWISE[0].lower()}{OTHERWISE[1:]}"
        if use.say.choice is not None
        else ASK_AGAIN,
    )


def unfinished(asked: Page, use: Use, snooze: timedelta) -> Page:
    """Somebody answered, and the answer is not known to have been passed on: only the same again finishes it."""
    offers = tuple(offer for offer in asked.offers if offer.say is use.say) or (offer_of(use.say, snooze),)
    return replace(
        asked,
        code=503,
        tone=Tone.ASKS,
        title="Please say it again.",
        lead=f"{who_said(use, snooze)} That was remembered, but it is not certain that it was passed on. "
        "Saying it again does no harm.",
        offers=offers,
        name=use.by,
        hint=OTHERWISE,
    )


def over(
    link: Link, incident: Incident, case: Case | None, stands: Standing, now: datetime, *, tried: bool = False
) -> Page:
    """Nothing may be answered any more."""
    nothing = " Your answer has changed nothing." if tried else ""
    return Page(
        code=409 if tried else 200,
        tone=Tone.OVER,
        title="There is nothing to answer any more.",
        lead=f"{stands.why}{nothing}",
        facts=facts_of(incident, case, now),
        more=(*where(incident, case), *link_facts(link, now)),
        timeline=incident.timeline[-TIMELINE_MAX:],
        hint="You can close this page.",
    )


INVALID = Page(
    404,
    Tone.WRONG,
    "This link is not valid.",
    "It is incomplete, was changed on its way, or its key has been retired. Nothing has happened.",
    hint=f"Open it once more from the e-mail itself, whole. {OTHERWISE}",
)
UNKNOWN = Page(
    404,
    Tone.WRONG,
    "This link belongs to no question.",
    "Defib knows no such incident, or the instance was never part of it. Nothing has happened.",
    hint=ASK_AGAIN,
)


def expired(at: datetime, incident_id: str = "") -> Page:
    """The link is genuine, but too old; ``incident_id`` is what it was about, if that was one."""
    return Page(
        410,
        Tone.OVER,
        "This link has expired.",
        f"It could be used until {at:%d %B %H:%M} UTC. Nothing has happened.",
        more=(("Incident", incident_id),) if incident_id else (),
        hint=f"{ASK_AGAIN} {OTHERWISE}",
    )


def refused(code: int, lead: str) -> Page:
    """A request that no page of ours sends."""
    return Page(code, Tone.WRONG, "This could not be understood.", f"{lead} Nothing has happened.", hint=OTHERWISE)


UNAVAILABLE = Page(
    503,
    Tone.WRONG,
    "Defib can't look this up just now.",
    "AWS does not answer. Whether anything has happened can be seen by opening the link again in a moment.",
    hint=OTHERWISE,
)


def who_said(use: Use, snooze: timedelta) -> str:
    """The answer that a link was used for."""
    return f"{use.by} said at {clock(use.said_at)}: {said(use.say, snooze)}."


def said(say: Say, snooze: timedelta) -> str:
    """What somebody said, as a clause after a colon."""
    match say:
        case Say.APPROVE:
            return "yes, repair it"
        case Say.REJECT:
            return "no, leave it to us"
        case Say.ACKNOWLEDGE:
            return "I look after it"
        case Say.SNOOZE:
            return f"remind us in {format_duration(snooze)}"
    assert_never(say)


def then(say: Say, snooze: timedelta) -> str:
    """What comes of it."""
    match say:
        case Say.APPROVE:
            return "Defib repairs it."
        case Say.REJECT:
            return "Defib leaves it alone until this is over; it needs a person."
        case Say.ACKNOWLEDGE:
            return "Defib calls nobody else."
        case Say.SNOOZE:
            return f"Defib calls nobody for {format_duration(snooze)}, then asks again if it is not over."
    assert_never(say)


def offer_of(say: Say, snooze: timedelta) -> Offer:
    """The button by which people say it."""
    words = said(say, snooze)
    return Offer(say, words[0].upper() + words[1:], then(say, snooze))
