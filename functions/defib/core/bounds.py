"""What bounds a case: how often it was healed, its age, its actions, and the pauses between those that fail."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core import restart, start
from defib.core.case import Action, Case, Escalate, Wait
from defib.core.guard import PAUSES
from defib.core.heals import HEALS_KEPT
from defib.core.model import Observation, Verdict
from defib.core.policy import Policy, Service
from defib.core.start_failure import remedy, told

PASSED_OVER = frozenset({Action.RESIZE, Action.SUPPRESS_CHECK, Action.RESUME_CHECK})
"""What AWS may refuse without an end of the repair: a type that it can't have, and a check's silence."""


def bounded(case: Case, observation: Observation, policy: Policy, now: datetime) -> Escalate | Wait | None:
    """What keeps the next rung from being climbed now; people who have the case in hand need no limits."""
    if case.handed_over_at is not None:
        return None
    return (
        _flapping(case, policy, now)
        or _exhausted(case, observation, policy, now)
        or pause_after_faults(case, policy, now)
    )


def _flapping(case: Case, policy: Policy, now: datetime) -> Escalate | None:
    """What comes back time and again is not cured by what Defib does: leave it as it is, once evidence is taken."""
    if case.confirmed_at is None or case.begun or not case.attempts:
        return None
    heals = sum(1 for at in case.healed_before if now - at < HEALS_KEPT)
    if heals < policy.repair.heals_a_day:
        return None
    times = "once" if heals == 1 else f"{heals} times"
    reason = f"it fails again though it was healed {times} within 24 hours: the cure does not last"
    ask = (
        "Find out what breaks it: compare the evidence of its cases, replace it, or look for what kills it. "
        "Defib leaves it as it is, goes on watching and will say when it is well."
    )
    return Escalate(reason, ask, now + policy.repair.hold)


def _exhausted(case: Case, observation: Observation, policy: Policy, now: datetime) -> Escalate | None:
    """Limits on the case as a whole."""
    repair = policy.repair
    paused = case.held_by in PAUSES
    if case.confirmed_at is not None and not paused and now - (case.resumed_at or case.confirmed_at) >= repair.case_age:
        hours = repair.case_age / timedelta(minutes=1)
        return restart.ask_people(f"it is still not well {hours:.0f} minutes after it was found", policy, now)
    return spent(case, observation, policy, now)


def overdue(case: Case, policy: Policy, service: Service, now: datetime) -> Escalate | None:
    """The end of waiting for what starts up: a start begun within the case's age has had its time.

    Where others start it again and again, what it has been granted since its launch never ends.
    """
    found = case.resumed_at or case.confirmed_at
    if found is None or case.handed_over_at is not None or case.held_by in PAUSES:
        return None
    granted = _granted(policy, service)
    if now - found < granted:
        return None
    minutes = granted / timedelta(minutes=1)
    return restart.ask_people(f"it is starting up, and not well {minutes:.0f} minutes after it was found", policy, now)


def line_stands(
    case: Case, observation: Observation, policy: Policy, service: Service, now: datetime
) -> Escalate | None:
    """The end of waiting in line: whoever is in front has had its time, and nobody else has begun since."""
    others = [begun.at for begun in observation.stack.begun if begun.case_id != case.id]
    found, granted = case.resumed_at or case.confirmed_at, _granted(policy, service)
    if found is None or not others or case.handed_over_at is not None or now - max(found, *others) < granted:
        return None
    minutes = granted / timedelta(minutes=1)
    return restart.ask_people(f"it waits its turn, and for {minutes:.0f} minutes no other has come", policy, now)


def _granted(policy: Policy, service: Service) -> timedelta:
    """The longest that one repair may take: a start begun within its age has its time, too."""
    return policy.repair.case_age + policy.repair.start_timeout + service.verify.timeout


def spent(case: Case, observation: Observation, policy: Policy, now: datetime) -> Escalate | None:
    """Limits on its actions: too many, or one that AWS will always refuse."""
    repair = policy.repair
    if len(case.attempts) >= repair.attempts:
        in_vain = start.in_vain(case, observation, repair, now)
        return in_vain or restart.ask_people(f"{len(case.attempts)} actions have not cured it", policy, now)
    last = case.attempts[-1] if case.attempts else None
    if last is None or last.result is None or last.action is Action.EVIDENCE:
        return None
    refused = last.result.verdict is Verdict.REFUSED and last.action not in PASSED_OVER
    if refused and not start.impossible(case, observation):
        if last.action is Action.START:
            said = f"{told(last.result.code, last.result.detail)}{start.as_what(case, observation)}"
            return Escalate(f"AWS refused to start it: {said}", remedy(last.result.code), now + repair.hold)
        said = " ".join(part for part in (last.result.code, last.result.detail) if part)
        return restart.ask_people(f"AWS refused to {restart.VERBS[last.action]} it: {said}", policy, now)
    return None


def pause_after_faults(case: Case, policy: Policy, now: datetime) -> Wait | None:
    """After passing faults, pause twice as long each time; the first recheck that decided otherwise costs nothing."""
    failures = 0
    for attempt in reversed(case.attempts):
        if attempt.action is Action.EVIDENCE or attempt.result is None or attempt.done_at:
            break
        if attempt.action is Action.SUPPRESS_CHECK and attempt.result.verdict is Verdict.REFUSED:
            break
        failures += 1
    last = case.attempts[-1].result if case.attempts else None
    if failures == 0 or last is None or (failures == 1 and last.verdict is Verdict.ABANDONED):
        return None
    repair = policy.repair
    resume = last.at + start.pause(case, failures, repair)
    if now >= resume:
        return None
    return Wait(f"{case.attempts[-1].action.value} failed ({last.code or last.verdict.value}); trying again", resume)
