"""An order in, one act out: claim the intent, look again, act only if the decision still stands, report the result."""

from __future__ import annotations

from datetime import timedelta

from defib.core.audit import entry
from defib.core.case import Act, Action, Attempt, Case, Decision, Hold
from defib.core.effect import Perform
from defib.core.frozen import dataclass, replace
from defib.core.guards.consent import kill_switch
from defib.core.guards.loss import waits_for_traits
from defib.core.model import Observation, Result, Signal, Source, Switch, Verdict
from defib.core.policy import Policy
from defib.core.step import intent_deadline, recheck
from defib.core.suppression import silenced
from defib.shell.ports import (
    Actor,
    CallFailed,
    Clock,
    Journal,
    KillSwitch,
    Observer,
    Queues,
    Rejected,
    Transient,
    Unanswered,
)
from defib.shell.reconcile import with_remembered
from defib.shell.store import Conflict, Remembered, Store

DEAD = timedelta(seconds=35)
"""Whoever took up an intent no longer runs after this: longer than the timeout of remediate (infra/functions.py)."""
LOOK_HOLDS = timedelta(seconds=10)
"""What an act rests on was read no longer ago. It takes a second; where a call hangs for a while, much has changed."""


@dataclass(frozen=True, slots=True)
class Performing:
    """What performing needs of the outside world."""

    clock: Clock
    observer: Observer
    store: Store
    actor: Actor
    queues: Queues
    journal: Journal
    switch: KillSwitch | None
    """None for what takes evidence, which changes nothing and may not read it."""


def perform(order: Perform, edges: Performing, policy: Policy) -> None:
    """Carry out one intent at most once.

    An order whose intent is gone, taken up or overdue is dropped: ``diagnose`` decides afresh. Raises Transient or
    Rejected only where nothing was done, so that a repeated delivery is harmless.
    """
    case = edges.store.latest_case(order.instance_id)
    attempt = _claimable(case, order, policy, edges)
    if case is None or attempt is None:
        _report_loss(case, order, edges)
        return
    observation = edges.observer.observe(
        order.instance_id,
        (*case.registrations, *case.standby_places),
        act_is_near=order.action is not Action.EVIDENCE,
        stop_is_near=order.action is not Action.REBOOT,
        silenced=silenced(case),
    )
    # Looking may take longer than the intent has left.
    if _claimable(case, order, policy, edges) is None:
        return
    try:
        taken = case.with_claim(edges.clock.now())
        claimed = edges.store.remember(Remembered(taken, audit=entry(case, taken, edges.clock.now()))).case
    except Conflict:
        return
    unread: CallFailed | None = None
    try:
        result = _act(claimed, attempt, observation, edges, policy)
    except CallFailed as error:
        # Nothing was done; whoever decides should hear so at once rather than wait for the intent's deadline.
        unread = error
        verdict = Verdict.RETRY if isinstance(error, Transient) else Verdict.REFUSED
        detail = f"not done, for want of a look just before: {error}"
        result = Result(claimed.id, attempt.number, verdict, edges.clock.now(), error.code, detail)
    edges.journal.performed(claimed, result)
    _report(attempt, result, order.instance_id, edges)
    if unread is not None:
        raise unread


def _claimable(case: Case | None, order: Perform, policy: Policy, edges: Performing) -> Attempt | None:
    """The intent that ``order`` speaks of, if it still waits to be taken up."""
    intent = case.intent if case is not None and case.closed_at is None and case.id == order.case_id else None
    if intent is None or intent.number != order.attempt or intent.claimed_at is not None:
        return None
    return intent if edges.clock.now() < intent_deadline(intent, policy.repair) else None


def _report(attempt: Attempt, result: Result, instance_id: str, edges: Performing) -> None:
    reason = f"{attempt.action.value}: {result.verdict.value}"
    edges.queues.signal([Signal(Source.RESULT, instance_id, result.at, reason, result)])


def _report_loss(case: Case | None, order: Perform, edges: Performing) -> None:
    """An order that comes again long after it was taken up was not reported on, and whoever took it up is dead."""
    intent = case.intent if case is not None and case.id == order.case_id else None
    now = edges.clock.now()
    if intent is None or intent.number != order.attempt or intent.claimed_at is None or now < intent.claimed_at + DEAD:
        return
    detail = "taken up, and then nothing was heard of it"
    _report(intent, Result(order.case_id, intent.number, Verdict.LOST, now, detail=detail), order.instance_id, edges)


def _act(case: Case, attempt: Attempt, observation: Observation, edges: Performing, policy: Policy) -> Result:
    def ended(verdict: Verdict, detail: str, code: str = "") -> Result:
        return Result(case.id, attempt.number, verdict, edges.clock.now(), code, detail)

    if attempt.action is not Action.EVIDENCE:
        incident = edges.store.latest_incident(case.service)
        known = with_remembered(observation, incident, case.id)
        completed = replace(known, stack=edges.store.stack(), healing=_healing(edges))
        decision = recheck(case, completed, policy, edges.clock.now())
        _require_answers(decision, completed)
        if not _stands(decision, attempt):
            return ended(Verdict.ABANDONED, f"looked again just before: {decision.reason}")
        old = edges.clock.now() - observation.observed_at
        if old > LOOK_HOLDS:
            return ended(Verdict.ABANDONED, f"the look just before was {old.total_seconds():.0f} s old by then")
    try:
        return ended(Verdict.DONE, edges.actor.perform(attempt, case, observation))
    except Unanswered as error:
        return ended(Verdict.LOST, str(error), error.code)
    except Transient as error:
        return ended(Verdict.RETRY, str(error), error.code)
    except Rejected as error:
        return ended(Verdict.REFUSED, str(error), error.code)


def _require_answers(decision: Decision, observation: Observation) -> None:
    """Raise Unanswered if only want of an answer holds the act: nobody else would say that it was never to be had.

    Whoever decided had these answers, and would decide the same time and again.
    """
    if not isinstance(decision, Hold):
        return
    if waits_for_traits(decision.guard, observation.traits):
        raise Unanswered(observation.traits.unread)
    if decision.guard == kill_switch.__name__ and observation.healing is Switch.UNREADABLE:
        raise Unanswered("the kill switch could not be read")


def _healing(edges: Performing) -> Switch:
    """The last thing read before an act."""
    return edges.switch.read() if edges.switch is not None else Switch.UNREADABLE


def _stands(decision: Decision, attempt: Attempt) -> bool:
    return isinstance(decision, Act) and (decision.action, decision.to) == (attempt.action, attempt.to)
