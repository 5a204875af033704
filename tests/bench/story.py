"""How far a repair has come when a measured invocation takes it up, as the core itself tells it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from defib.core.announce import announce
from defib.core.case import Action, Case
from defib.core.effect import Perform
from defib.core.incident import Incident, Notice
from defib.core.model import Observation, Result, Source, Verdict
from defib.core.policy import Policy
from defib.core.step import open_case, step

NOTICED_AFTER = timedelta(seconds=30)
"""From the failure to the first look."""
ANSWERED_AFTER = timedelta(seconds=1)
"""From an order to its result."""
LOOKS_MAX = 50


@dataclass(frozen=True, slots=True)
class Story:
    """A case up to an intent that nobody has taken up yet, or (without one) to a wait that is over."""

    case: Case
    incident: Incident | None
    notices: tuple[Notice, ...]
    order: Perform | None


def story(
    failing: Observation, failed_at: datetime, policy: Policy, until: Action | None, *, done: bool = False
) -> Story:
    """The repair of ``failing`` up to the intent to do ``until``, or the first wait after it is ``done``.

    Without ``until``, up to the first wait.
    """
    service = policy.service_of(failing.tags)
    assert service is not None
    at = failed_at + NOTICED_AFTER
    case = open_case(Source.SWEEP, failing, service, None, at)
    incident: Incident | None = None
    notices: tuple[Notice, ...] = ()
    for _ in range(LOOKS_MAX):
        before = case
        case, effects = step(case, replace(failing, observed_at=at), policy, at)
        incident, news = announce(incident, before, case, policy, at)
        notices += news
        order = next((effect for effect in effects if isinstance(effect, Perform)), None)
        if order is None:
            if until is None or (done and case.count(until)):
                return Story(case, incident, notices, None)
            assert case.look_again_at is not None, case.reason
            at = case.look_again_at
        elif order.action is until and not done:
            return Story(case, incident, notices, order)
        else:
            at += ANSWERED_AFTER
            case = case.with_result(Result(case.id, order.attempt, Verdict.DONE, at))
    raise ValueError(f"no {until} within {LOOKS_MAX} looks: {case.reason}")
