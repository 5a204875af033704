"""Stopped instances, and the tries to start them, that tests about starting share."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from defib.core.case import Action, Attempt, Case, Decision
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.model import InstanceState, Observation, Verdict
from defib.core.policy import Policy
from tests.core.facts import NOON, after, attempt, observed, policy

STOPPED_FACTS = observed(
    state=InstanceState.STOPPED, state_reason_code="Client.UserInitiatedShutdown", instance_type="m7g.large"
)
EVIDENCE, STOP = attempt(Action.EVIDENCE, after(minutes=-9)), attempt(Action.STOP, after(minutes=-8))
FULL = attempt(Action.START, after(minutes=-3), Verdict.RETRY, "InsufficientInstanceCapacity")
LATER = f"{after(hours=1):%Y-%m-%dT%H:%M:%SZ}"
IMPOSSIBLE = attempt(Action.START, after(minutes=-3), Verdict.REFUSED, "Unsupported")
UNFIT = attempt(Action.START, after(minutes=-3), Verdict.REFUSED, "InvalidParameterCombination")
DENIED = attempt(Action.START, after(minutes=-3), Verdict.REFUSED, "UnauthorizedOperation")
FALLBACK = policy(fallback_types=("m6g.large", "m8g.large"))


def resize(to: str, verdict: Verdict = Verdict.DONE) -> Attempt:
    return replace(attempt(Action.RESIZE, after(minutes=-3), verdict), to=to)


def unanswered(to: str) -> Attempt:
    """A change of its type that was taken up, and to which no answer came."""
    return replace(resize(to, Verdict.LOST), claimed_at=after(minutes=-3))


def decided(
    so_far: Case, facts: Observation = STOPPED_FACTS, limits: Policy = FALLBACK, now: datetime = NOON
) -> Decision:
    return decide(so_far, facts, diagnose(facts, so_far, limits, now), limits, now)
