"""Whose stop it is that EC2 speaks of: a person's, Defib's own, or nobody's."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from defib.core.case import STOPS, Action, Attempt, Case
from defib.core.model import Observation, Verdict
from defib.core.policy import Policy

PEOPLE_STOP = ("Client.UserInitiatedShutdown", "Client.UserInitiatedHibernate", "Client.InstanceInitiatedShutdown")
"""StateReason codes of a stop that somebody asked for, by API or from inside (AWSEC2 API, StateReason)."""
BY_AWS = "Server."
"""How those begin that nobody asked for."""

CLOCKS_APART = timedelta(seconds=10)
"""How far EC2's clock may be behind Defib's, its dates being whole seconds: rather more than either is ever wrong."""

_INITIATED_AT = re.compile(r"\(([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) (?:GMT|UTC)\)")


def stopped_by_person(observation: Observation) -> bool:
    """Whether EC2 says that somebody asked for the stop."""
    if observation.state_reason_code:
        return observation.state_reason_code in PEOPLE_STOP
    return observation.transition_reason.startswith("User initiated")


def stopped_by_defib(observation: Observation, case: Case | None, policy: Policy, now: datetime) -> bool:
    """Whether the stop that EC2 speaks of is Defib's own.

    It is when Defib's last act on the power was a stop, unless EC2 dates it before that was taken up, or after its call
    had ended: then it is somebody else's, and Defib's own may never have been made. Where AWS names a reason of its own
    it is nobody's, unless Defib's is known to have been made. After Defib's own start EC2's reads may still show the
    state before it. A stop that EC2 dates before that start is the old one; one without a date is while reads lag, and
    for as long as nobody knows whether the start was carried out.
    """
    power = case.last(*STOPS, Action.START) if case is not None else None
    if case is None or power is None or power.done_at is None:
        return False
    initiated = initiated_at(observation)
    if power.action is not Action.START:
        # Somebody else has started it since, or stopped it again, or had stopped it before; or nobody has asked for it.
        stops = _stops(case)
        again = initiated is not None and initiated > power.done_at + CLOCKS_APART
        before = initiated is not None and initiated < (stops[0].claimed_at or stops[0].intended_at) - CLOCKS_APART
        unasked = observation.state_reason_code.startswith(BY_AWS) and all(_is_lost(stop) for stop in stops)
        return not (again or before or unasked) and observation.launched_at <= power.done_at
    if case.last(*STOPS) is None:
        return False
    if initiated is not None:
        return initiated < power.intended_at
    return _is_lost(power) or now < power.done_at + policy.repair.settle


def _stops(case: Case) -> list[Attempt]:
    """Those since its last start that may have been carried out; what forces a stop has its date from the first."""
    stops = list[Attempt]()
    for attempt in reversed(case.attempts):
        if attempt.action is Action.START and attempt.done_at is not None:
            break
        if attempt.action in STOPS and attempt.done_at is not None:
            stops.insert(0, attempt)
    return stops


def _is_lost(attempt: Attempt) -> bool:
    """Whether nobody knows if it was carried out."""
    return attempt.result is not None and attempt.result.verdict is Verdict.LOST


def initiated_at(observation: Observation) -> datetime | None:
    """When EC2 says that somebody asked for the present state; None where it says nothing, or what is no date."""
    when = _INITIATED_AT.search(observation.transition_reason)
    if when is None:
        return None
    try:
        return datetime.fromisoformat(when.group(1)).replace(tzinfo=UTC)
    except ValueError:
        return None
