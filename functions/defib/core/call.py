"""When Defib asks for a person: what for, who has been asked since when, and what they have said."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from defib.core.audience import audience
from defib.core.escalation import Escalation, Tier
from defib.core.frozen import dataclass, replace

if TYPE_CHECKING:
    from defib.core.incident import Incident
    from defib.core.policy import Policy

SNOOZE_LEAST, SNOOZE_MOST = timedelta(minutes=1), timedelta(days=7)
"""How long a call may be snoozed. Who needs longer has other means to remember it."""
SNOOZE = timedelta(hours=1)
"""How long it is snoozed when nobody says how long."""

DUTIES_MAX = 10
"""Wants whose duty a call repeats; of the others it gives the headline. Keeps an incident's item small."""
HEADLINE_MAX = 250
"""Characters of such a headline."""
WANTS_MAX = 200
"""Wants that one call keeps. More are asked for when they come up, and not again: nobody acts on so many one by one."""


class Reaction(StrEnum):
    """What people may say to a call."""

    ACKNOWLEDGE = "acknowledge"
    """They are on it."""
    SNOOZE = "snooze"
    """They are to be asked again later."""


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What somebody says to the call of incident ``incident_id``."""

    incident_id: str
    reaction: Reaction
    by: str
    """Who says so, in their own words: AWS does not vouch for it."""
    lasts: timedelta = SNOOZE
    """Of a snooze: for how long, from SNOOZE_LEAST to SNOOZE_MOST."""

    @property
    def service(self) -> str:
        """The name under which the incident is kept."""
        return self.incident_id.rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Want:
    """One thing that a person is asked for."""

    about: str
    """The id of a case, or a name for what concerns more than one."""
    why: str
    """What asks: the guard that holds the case, or HANDED_OVER. The same case asks anew when this changes."""
    at: datetime
    headline: str
    """One sentence, without a full stop."""
    duty: str = ""
    """What people must do; empty in a call for many."""
    evidence: str = ""
    """Where the evidence is, as messages say it; empty in a call for many."""


HANDED_OVER = "handed_over"
"""Why a case asks that Defib has given up."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Somebody has answered, so that nobody is asked until the pause is over."""

    reaction: Reaction
    by: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A tier, and when it was asked for the first time in this round."""

    tier: Tier
    at: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """A call for people, from the first want on until nothing wants anybody any more."""

    since: datetime
    round_at: datetime
    """When it last began with the first tier."""
    next_at: datetime
    """When it gets louder, or the pause is over."""
    wants: tuple[Want, ...]
    asked: tuple[Asked, ...]
    times: int = 1
    """How often it was asked in this round."""
    pause: Pause | None = None

    @property
    def tier(self) -> Tier:
        """The loudest tier of this round."""
        return self.asked[-1].tier


def wanted(
    incident: Incident, want: Want, policy: Policy, now: datetime, by: str = "", *, must: bool = False
) -> Incident:
    """The incident with ``want`` in its call; unchanged when it is there, or when the service tells nobody.

    With ``must`` every contact is asked where the service names none. What is new in a call that somebody has answered,
    or that reaches nobody any more, asks everybody again, from the first tier on. ``by`` is who knows of it already:
    whoever has just said no to a repair is on it, and is asked again only when the pause is over.
    """
    call = incident.call
    if not audience(incident.service, Tier.EVERYBODY if must else Tier.FIRST, policy):
        return incident
    if call is not None and any((w.about, w.why) == (want.about, want.why) for w in call.wants):
        return incident
    if call is not None and len(call.wants) >= DUTIES_MAX:
        want = replace(want, duty="", evidence="", headline=want.headline[:HEADLINE_MAX])
    known = call.wants if call is not None else ()
    if len(known) >= WANTS_MAX:
        # One that asks anew, for another reason, asks in its own place.
        known = tuple(w for w in known if w.about != want.about)
    wants = (*known, want)[:WANTS_MAX]
    if call is None or call.pause is not None or not audience(incident.service, call.tier, policy):
        since = call.since if call is not None else now
        call = _round(Call(since, now, now, wants, ()), incident, policy, now)
    call = replace(call, wants=wants)
    if by:
        call = _paused(call, Pause(Reaction.ACKNOWLEDGE, by, now, now + policy.escalation.remind_after))
    return replace(incident, call=call, reached=_louder(incident.reached, call.tier))


def unwanted(incident: Incident, about: str, why: str = "") -> Incident:
    """The incident without what case ``about`` wanted for any other reason than ``why``; no call when none is left."""
    call = incident.call
    if call is None:
        return incident
    wants = tuple(w for w in call.wants if w.about != about or w.why == why)
    if wants == call.wants:
        return incident
    return replace(incident, call=replace(call, wants=wants) if wants else None)


def louder(incident: Incident, policy: Policy, now: datetime) -> Incident | None:
    """The incident once its call has been repeated, to more people where it is time; None when nothing is due."""
    call = incident.call
    if call is None or now < call.next_at:
        return None
    if call.pause is not None:
        again = _round(replace(call, pause=None, asked=(), times=0), incident, policy, now)
    else:
        again = _asked(call, tier_after(now - call.round_at, incident, policy), policy.escalation, now)
    return replace(incident, call=again, reached=_louder(incident.reached, again.tier))


def unheeded(incident: Incident | None, answer: CallAnswer) -> str:
    """Why ``answer`` changes nothing; empty where it counts. ``incident`` is the newest of its service, if any."""
    if incident is None or incident.id != answer.incident_id:
        return "that incident is not open"
    if incident.call is None:
        return "nobody is asked for in that incident"
    pause = incident.call.pause
    if pause is not None and answer.reaction is Reaction.ACKNOWLEDGE is pause.reaction:
        return f"{pause.by} is on it already"
    return ""


def answered(incident: Incident, answer: CallAnswer, policy: Policy, now: datetime) -> Incident:
    """The incident with what somebody says; unchanged by an answer that does not count."""
    if incident.call is None or unheeded(incident, answer):
        return incident
    lasts = answer.lasts if answer.reaction is Reaction.SNOOZE else policy.escalation.remind_after
    pause = Pause(answer.reaction, answer.by, now, now + lasts)
    return replace(incident, call=_paused(incident.call, pause))


def tier_after(asked_for: timedelta, incident: Incident, policy: Policy) -> Tier:
    """Who is asked once a round has lasted so long: every contact at once where the service names none."""
    names = audience(incident.service, Tier.FIRST, policy)
    return policy.escalation.tier(asked_for) if names else Tier.EVERYBODY


def _round(call: Call, incident: Incident, policy: Policy, now: datetime) -> Call:
    """The call as it begins with the first tier."""
    begun = replace(call, round_at=now, asked=(), times=0)
    return _asked(begun, tier_after(timedelta(0), incident, policy), policy.escalation, now)


def _asked(call: Call, tier: Tier, escalation: Escalation, now: datetime) -> Call:
    known = any(asked.tier is tier for asked in call.asked)
    asked = call.asked if known else (*call.asked, Asked(tier, now))
    return replace(call, asked=asked, times=call.times + 1, next_at=_next(call.round_at, tier, escalation, now))


def _next(round_at: datetime, tier: Tier, escalation: Escalation, now: datetime) -> datetime:
    steps = (round_at + escalation.second_after, round_at + escalation.everybody_after)
    ahead = (at for at in steps if at > now and tier is not Tier.EVERYBODY)
    return min(ahead, default=now + escalation.repeat_every)


def _paused(call: Call, pause: Pause) -> Call:
    return replace(call, pause=pause, next_at=pause.until)


def _louder(one: Tier | None, other: Tier) -> Tier:
    return max(one or other, other, key=list(Tier).index)
