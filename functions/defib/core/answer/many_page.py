"""What a person reads who has opened the link to all the incidents of a digest: how each stands at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from defib.core.answer.facts import on_it
from defib.core.answer.link import Use
from defib.core.answer.many import OFFERS, Many, asking
from defib.core.answer.page import ASK_AGAIN, Page, Tone, offer_of, said, then, who_said
from defib.core.incident import Incident
from defib.core.policy import Policy
from defib.core.words import clock


def listed(many: Many, incidents: Mapping[str, Incident], policy: Policy) -> Page:
    """All of them, with what may be said to those that ask for somebody; nothing has happened yet."""
    offers = tuple(say for say in OFFERS if asking(many, incidents, say))
    count, asks = len(many.incident_ids), len(asking(many, incidents, OFFERS[0]))
    if not offers:
        return over(many, incidents)
    return Page(
        code=200,
        tone=Tone.ASKS,
        title=f"Who looks after {'these' if asks != 1 else 'this'}?",
        lead=f"Of the {_incidents(count)} that the message names, {asks or 'none'} "
        f"{'asks' if asks == 1 else 'ask'} for somebody who is not there yet. One answer is for all of them.",
        facts=_standings(many, incidents),
        more=_link_facts(many),
        offers=tuple(offer_of(say, policy.answers.snooze) for say in offers),
        hint="Opening this page has changed nothing. One answer, once: then this link is used up.",
    )


def over(many: Many, incidents: Mapping[str, Incident], *, tried: bool = False) -> Page:
    """Nobody is asked for in any of them."""
    nothing = " Your answer has changed nothing." if tried else ""
    return Page(
        code=409 if tried else 200,
        tone=Tone.OVER,
        title="There is nothing to answer.",
        lead=f"Nobody is needed now in the {_incidents(len(many.incident_ids))} that the message names.{nothing}",
        facts=_standings(many, incidents),
        more=_link_facts(many),
        hint="You can close this page.",
    )


def taken(use: Use, many: Many, count: int, incidents: Mapping[str, Incident], snooze: timedelta) -> Page:
    """The answer has been passed on, for ``count`` of them."""
    return Page(
        code=200,
        tone=Tone.DONE,
        title=f"Thank you, {use.by}.",
        lead=f"You said: {said(use.say, snooze)}, about {_incidents(count)}. {then(use.say, snooze)}",
        facts=_standings(many, incidents),
        hint="What comes of it is in the next e-mail. You can close this page.",
    )


def used(
    use: Use, many: Many, incidents: Mapping[str, Incident], snooze: timedelta, *, tried: bool, same: bool = False
) -> Page:
    """The link is used up. Whoever ``tried`` once more is told that it did not count, ``same`` answer or another."""
    nothing = "A link counts once."
    if tried:
        nothing = "It counts once; nothing was done now." if same else "Your answer has changed nothing."
    return Page(
        code=409 if tried and not same else 200,
        tone=Tone.DONE if same else Tone.OVER,
        title="This has been said already." if same else "This link has been used.",
        lead=f"{who_said(use, snooze)} {nothing}",
        facts=_standings(many, incidents),
        hint=ASK_AGAIN,
    )


def _incidents(count: int) -> str:
    return f"{count} incident{'' if count == 1 else 's'}"


def _standings(many: Many, incidents: Mapping[str, Incident]) -> tuple[tuple[str, str], ...]:
    """How each stands, those that ask for somebody first."""
    open_ones = set(asking(many, incidents, OFFERS[0]))
    order = sorted(many.incident_ids, key=lambda one: one not in open_ones)
    return tuple((one, _standing(incidents.get(one))) for one in order)


def _standing(incident: Incident | None) -> str:
    if incident is None:
        return "Defib has forgotten it"
    newest = incident.timeline[-1] if incident.timeline else ""
    if incident.resolved_at is not None:
        return f"over since {clock(incident.resolved_at)}. {newest}"
    call = incident.call
    if call is None:
        return f"nobody is needed. {newest}"
    if call.pause is not None:
        return on_it(call.pause)
    return f"asks for somebody since {clock(call.round_at)}: {call.wants[0].headline}"


def _link_facts(many: Many) -> tuple[tuple[str, str], ...]:
    return (("This link", f"sent to {many.to}, can be used until {many.expires_at:%d %B %H:%M} UTC"),)
