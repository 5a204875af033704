"""Servers of one service whose applications fall one by one while EC2's checks pass: a fault that they share.

So a deadlock between pools took out a web fleet: each restart helped for a while, and the next server fell.
"""

from __future__ import annotations

from datetime import datetime

from defib.core.case import Case
from defib.core.duration import format_duration
from defib.core.fall import Fall
from defib.core.frozen import replace
from defib.core.guards.question import TAKES_AWAY
from defib.core.incident import Incident, Phase
from defib.core.model import Cause
from defib.core.policy import ApplicationRemedy, Mode, Service
from defib.core.words import NAME_MAX, began, clock, plain

FALLS_MAX = 500
"""Falls kept in one incident: with its members its item stays well under DynamoDB's 400 kB (Quotas)."""

FEW = 10
"""Falls that one message names."""

ASK = (
    "Take thread dumps before anybody restarts them. Then look at what they share: pool sizes (workers x connections "
    "against the limit of what they call), locks, a dependency, the last deployment."
)


def restarted_at(case: Case) -> datetime | None:
    """When Defib began to take the instance down; an attempt that was surely not carried out does not count."""
    began_at = (a.intended_at for a in case.attempts if a.action in TAKES_AWAY and (a.result is None or a.done_at))
    return next(began_at, None)


def fall_of(falls: tuple[Fall, ...], case: Case) -> Fall | None:
    """What is remembered of this case."""
    return next((f for f in falls if f.case_id == case.id), None)


def remember(falls: tuple[Fall, ...], case: Case, service: Service, now: datetime) -> tuple[Fall, ...]:
    """The falls with that of ``case``, if it is one: its application went down before Defib did anything to it."""
    known, restarted = fall_of(falls, case), restarted_at(case)
    if known is not None:
        return tuple(replace(f, restarted_at=restarted) if f is known else f for f in falls)
    unannounced = case.confirmed_cause is not Cause.EVENT_SCHEDULED
    down = case.cause is Cause.APPLICATION_DOWN and restarted is None and unannounced
    if case.confirmed_at is None or not (down or case.confirmed_cause is Cause.APPLICATION_DOWN):
        return falls
    kept = falls if len(falls) < FALLS_MAX else lately(falls, service, now)
    if len(kept) >= FALLS_MAX:
        # Restarts are what is limited: of these none may be forgotten.
        idle = next((f for f in kept if f.restarted_at is None), None)
        if restarted is None or idle is None:
            return falls
        kept = tuple(f for f in kept if f is not idle)
    return (*kept, Fall(case.id, case.instance_id, plain(case.name, NAME_MAX), began(case), now, restarted))


def lately(falls: tuple[Fall, ...], service: Service, now: datetime) -> tuple[Fall, ...]:
    """Those found or restarted within the service's ``application_window``."""
    window = service.application_window
    return tuple(f for f in falls if now - (f.restarted_at or f.found_at) < window)


def handed_on(falls: tuple[Fall, ...], service: Service, now: datetime) -> tuple[Fall, ...]:
    """What the service's next incident must know: of this one people have been told nothing yet."""
    return tuple(replace(f, told=False) for f in lately(falls, service, now))


def still_down(incident: Incident, case: Case | None = None) -> bool:
    """Whether one of those that people were told of together is down yet; ``case`` may be no member."""
    open_ones = {m.case_id for m in incident.members if m.phase is not Phase.CLOSED}
    if case is not None and case.closed_at is None:
        open_ones.add(case.id)
    return any(f.told and f.case_id in open_ones for f in incident.falls)


def recognised(recent: tuple[Fall, ...], service: Service) -> bool:
    """Whether that many are no coincidence; one instance that falls time and again is flapping, and no pattern."""
    return len(recent) > service.application_restarts and len({f.instance_id for f in recent}) > 1


def fell(falls: tuple[Fall, ...]) -> str:
    """Which servers fell when, the newest of them."""
    named = ", ".join(f"{plain(f.name, NAME_MAX)} at {clock(f.at)}" for f in falls[-FEW:])
    more = len(falls) - FEW
    return f"{more} more before, {named}" if more > 0 else named


def headline(recent: tuple[Fall, ...]) -> str:
    """What is said of the newest one, after its name."""
    servers = len({f.instance_id for f in recent})
    return f"is one of {servers} that fell since {min(f.at for f in recent):%H:%M} UTC while EC2's checks pass"


def ending(falls: tuple[Fall, ...], case: Case) -> str:
    """What is said of the last one when all work again; empty when it is none of those that people were told of."""
    told = {f.instance_id for f in falls if f.told}
    fall = fall_of(falls, case)
    return f"works again, the last of {len(told)} that fell one by one" if fall is not None and fall.told else ""


def doing(recent: tuple[Fall, ...], service: Service) -> str:
    """Which fell when, what that means, and what Defib does about it."""
    most, window = service.application_restarts, format_duration(service.application_window)
    if service.mode is Mode.OBSERVE:
        acts = "Defib only observes."
    elif service.application_down is ApplicationRemedy.TELL:
        acts = "Defib keeps evidence of each and restarts none."
    else:
        acts = f"Defib keeps evidence of each and restarts at most {most} in {window}; the others wait."
    return (
        f"{acts} They fell one by one while EC2's checks pass: {fell(recent)}. That is a fault they share, and a "
        "restart treats only its symptom. You hear this once, not for each server; Defib says when all work again."
    )
