"""What people read when they are asked again, when more are asked, and when somebody has answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from defib.core import approval
from defib.core.asking import DETAIL_TYPE, saying
from defib.core.audience import audience
from defib.core.brevity import once, sms_of, subject_of
from defib.core.call import Call, CallAnswer, Reaction, answered, louder, tier_after
from defib.core.duration import format_duration
from defib.core.escalation import Tier
from defib.core.incident import Incident, Notice, NoticeKind
from defib.core.severity import Severity
from defib.core.timeline import timeline_of, with_line
from defib.core.words import NAME_MAX, at_clock, at_minute, clock, date_of, dated_clock, dated_minute, day, plain

if TYPE_CHECKING:
    from defib.core.policy import Policy

NAMED_MAX = 100
"""Wants that an e-mail names one by one; of more it gives the number."""
INSTANCE = re.compile(r" \(i-[0-9a-f]+\)")
"""An instance's id after its name: no text message has room for it."""
NAMES_MAX = 5
"""People that a line names before it counts the rest."""


def escalate(incident: Incident, policy: Policy, now: datetime) -> tuple[Incident, Notice | None]:
    """The incident, and what people are told, once its call is due; both unchanged and None when it is not.

    A call is due when nobody has answered for as long as the policy says, or when the pause that somebody asked for is
    over. Whoever is asked reads who else was, and since when.
    """
    after = louder(incident, policy, now)
    if after is None or after.call is None:
        return incident, None
    lapsed = incident.call.pause if incident.call is not None else None
    call = after.call
    first = call.wants[0].headline if len(call.wants) == 1 else f"{len(call.wants)} things need somebody"
    headline = f"it is not over: {first}" if lapsed is not None else f"nobody has answered: {first}"
    if lapsed is not None:
        said = "was on it" if lapsed.reaction is Reaction.ACKNOWLEDGE else "put it off"
        brief = f"{plain(lapsed.by, NAME_MAX)} {said}. Please look."
    else:
        brief = f"Asked since {dated_minute(call.round_at, now)}. Please look now."
    who = f"asks {_names(after, call.tier, policy)}"
    return _notice(after, NoticeKind.CALLED, headline, f"Defib {who}", brief, policy, now)


def heard(incident: Incident, answer: CallAnswer, policy: Policy, now: datetime) -> tuple[Incident, Notice]:
    """The incident with an answer that counts, and the notice to all who were asked."""
    after = answered(incident, answer, policy, now)
    assert after.call is not None
    assert after.call.pause is not None
    until = after.call.pause.until
    by = plain(answer.by, NAME_MAX)
    words = "is on it" if answer.reaction is Reaction.ACKNOWLEDGE else f"puts it off until {dated_minute(until, now)}"
    brief = f"Defib asks again {at_minute(until, now)} if it is not over."
    return _notice(after, NoticeKind.ACKNOWLEDGED, f"{by} {words}", f"{by} {words}", brief, policy, now)


def lines_of(incident: Incident, policy: Policy) -> tuple[str, ...]:
    """Who is asked since when, what comes next, and how to answer: for any e-mail of an incident that has a call."""
    call = incident.call
    if call is None:
        return ()
    pause = call.pause
    if pause is not None:
        said = "is on it" if pause.reaction is Reaction.ACKNOWLEDGE else "has put it off"
        since = dated_clock(pause.at, incident.opened_at)
        asked = f"{pause.by} {said} since {since}. Defib asks again on {day(pause.until)} if it is not over."
        return (f"Who is asked:     {asked}", *_how(incident, (Reaction.SNOOZE,), policy.region))
    asked = "; ".join(_asked(incident, call, policy))
    times = f", {call.times} times so far" if call.times > 1 else ""
    return (
        f"Who is asked:     {asked}{times}. {_next(incident, call, policy)}",
        *_how(incident, tuple(Reaction), policy.region),
    )


def command(incident_id: str, reaction: Reaction, region: str) -> str:
    """The command that says it."""
    lasts = {"for": "1h"} if reaction is Reaction.SNOOZE else {}
    detail = {"incident": incident_id, "answer": reaction.value, **lasts, "by": "YOUR NAME"}
    return saying(DETAIL_TYPE, detail, region)


def _how(incident: Incident, reactions: tuple[Reaction, ...], region: str) -> Iterator[str]:
    words = {Reaction.ACKNOWLEDGE: "You are on it:", Reaction.SNOOZE: "Ask me later:"}
    for reaction in reactions:
        yield f"{words[reaction]:<17} {command(incident.id, reaction, region)}"


def _asked(incident: Incident, call: Call, policy: Policy) -> Iterator[str]:
    before: set[str] = set()
    for asked in call.asked:
        names = {contact.name for contact in audience(incident.service, asked.tier, policy)}
        new = sorted(names - before)
        before |= names
        if new:
            yield f"{_some(new)} since {dated_clock(asked.at, incident.opened_at)}"


def _next(incident: Incident, call: Call, policy: Policy) -> str:
    tier = tier_after(call.next_at - call.round_at, incident, policy)
    now = {contact.name for contact in audience(incident.service, call.tier, policy)}
    new = [c.name for c in audience(incident.service, tier, policy) if c.name not in now]
    more = f"asks {_some(new)} too" if new else "asks again"
    return f"Unless somebody answers, Defib {more} {at_clock(call.next_at, incident.opened_at)}."


def _names(incident: Incident, tier: Tier, policy: Policy) -> str:
    return _some([contact.name for contact in audience(incident.service, tier, policy)])


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
    return f"{', '.join(names[:NAMES_MAX])}{more}"


def _notice(
    incident: Incident, kind: NoticeKind, headline: str, entry: str, brief: str, policy: Policy, now: datetime
) -> tuple[Incident, Notice]:
    call = incident.call
    assert call is not None
    told = with_line(incident, entry, now)
    is_call = kind is NoticeKind.CALLED
    brief_headline = once(INSTANCE.sub("", headline))
    # What is asked names the zone, or whatever else is no service; an answer does not.
    where = "Defib" if is_call and ":" in told.service else f"Defib {told.service}"
    tag = "NEEDS YOU:" if is_call else f"incident {told.id}:"
    notice = Notice(
        incident_id=told.id,
        service=told.service,
        sequence=told.notices,
        kind=kind,
        at=now,
        case_id=_in_question(call) if is_call else "",
        instance_id="",
        subject=subject_of(f"[{where}] {tag}", brief_headline),
        body=_body(told, call, headline, policy, now),
        sms=sms_of(f"{where}:", brief_headline, brief),
        severity=Severity.URGENT if is_call else Severity.HIGH,
        tier=call.tier if is_call else told.reached or call.tier,
    )
    return told, notice


def _in_question(call: Call) -> str:
    """The case whose repair waits for a yes or no; empty unless that is all that the call is about."""
    (want, *others) = call.wants
    return want.about if want.why == approval.GUARD and not others else ""


def _body(incident: Incident, call: Call, headline: str, policy: Policy, now: datetime) -> str:
    wants = [f"  {dated_clock(want.at, incident.opened_at)}  {want.headline}." for want in call.wants[:NAMED_MAX]]
    more = [f"  and {len(call.wants) - NAMED_MAX} more"] if len(call.wants) > NAMED_MAX else []
    duties = dict.fromkeys(want.duty for want in call.wants if want.duty)
    evidence = dict.fromkeys(want.evidence for want in call.wants if want.evidence)
    waiting = format_duration(now - call.since)
    things = "1 thing waits" if len(call.wants) == 1 else f"{len(call.wants)} things wait"
    return "\n".join(
        (
            f"{headline[:1].upper()}{headline[1:]}.",
            f"Since:            {date_of(incident.opened_at)} {clock(incident.opened_at)}; "
            f"somebody has been needed for {waiting}.",
            "What is wrong:    " + (f"{things} for a person:" if wants else "nothing any more."),
            *wants,
            *more,
            "What Defib does:  It goes on watching, and says when it is over.",
            "What you must do: " + _duty(call, tuple(duties)),
            *lines_of(incident, policy),
            *(f"Evidence:         {where}" for where in evidence),
            timeline_of(incident, now),
            f"\nIncident {incident.id}, notice {incident.notices}.",
        )
    )


def _duty(call: Call, duties: tuple[str, ...]) -> str:
    """Nothing for those who read that somebody else has answered; what is to be done stands there for whoever has."""
    lines = duties or ("Look at each of them.",)
    if call.pause is not None:
        is_taken = call.pause.reaction is Reaction.ACKNOWLEDGE
        nothing = "Nothing, unless you are the one who is on it:" if is_taken else "Nothing until Defib asks again:"
        lines = (nothing, *lines)
    return "\n                  ".join(lines)
