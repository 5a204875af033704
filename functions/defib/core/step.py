"""The reducer: called whenever anything happens, it says what the case is now and what must be done about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from defib.core import approval, planned
from defib.core.case import Act, Action, Attempt, Case, Close, Decision, Escalate, Hold, Outcome, Wait
from defib.core.decide import decide
from defib.core.diagnose import diagnose
from defib.core.effect import Effect, Perform, Wake
from defib.core.forewarning import reminded
from defib.core.frozen import replace
from defib.core.guard import PAUSES
from defib.core.guards.question import GIVES_BACK
from defib.core.handed_over import as_new, fails_anew, heard, is_unheard, taken_back
from defib.core.heals import heals_before
from defib.core.left_out import left_out, owed, with_drained
from defib.core.look import differ_in_look_only
from defib.core.maintenance import maintenance_of
from defib.core.member import with_standby
from defib.core.model import (
    NOT_TROUBLE,
    REGISTERED,
    Cause,
    Diagnosis,
    Event,
    Observation,
    Result,
    Source,
    TargetHealth,
    Verdict,
)
from defib.core.patience import patience
from defib.core.policy import Policy, Repair, Service
from defib.core.restart import drainable
from defib.core.suppression import with_lift
from defib.core.verify import well

WORKS = frozenset({Cause.HEALTHY, Cause.EVENT_SCHEDULED})
"""Causes of an instance that works."""

FOLLOWS_WITHIN = timedelta(minutes=5)
"""How long after a case gave way to a failure the next one is about that failure."""


def open_case(source: Source, observation: Observation, service: Service, earlier: Case | None, now: datetime) -> Case:
    """A case not stored yet (version 0): ``step`` decides whether there is anything to remember.

    ``earlier`` is the instance's newest closed case.
    """
    begun, places = _gave_way(earlier, now), owed(earlier, now)
    return Case(
        instance_id=observation.instance_id,
        number=earlier.number + 1 if earlier is not None else 1,
        service=service.name,
        name=observation.name,
        zone=observation.zone,
        instance_type=observation.instance_type,
        group=observation.group,
        opened_at=now,
        opened_by=source,
        cause=begun.cause if begun is not None else Cause.HEALTHY,
        since=begun.since if begun is not None else now,
        evidence=begun.evidence if begun is not None else (),
        healed_before=heals_before(earlier, now),
        registrations=places,
        drained_before=bool(places),
    )


def _gave_way(earlier: Case | None, now: datetime) -> Case | None:
    """The case that has just seen the failure which the next one is about, and has waited for it to count."""
    if earlier is None or earlier.outcome is not Outcome.GAVE_WAY or earlier.closed_at is None:
        return None
    return earlier if now - earlier.closed_at < FOLLOWS_WITHIN else None


def step(case: Case, observation: Observation, policy: Policy, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """What the case is now, and what must be done. The same case and no effects when nothing has changed."""
    seen = _lost_intent(case, policy.repair, now)
    if seen.intent is not None:
        return _await_result(seen, seen.intent, policy.repair, now)
    seen, decision = _decided(seen, observation, policy, now)
    if isinstance(decision, Hold) and decision.guard == approval.GUARD:
        seen = approval.ask(seen, policy.repair.approval_timeout, now)
    after, effects = _apply(seen, decision, observation, now)
    return _keep_look(case, reminded(after, policy, now), effects, now)


def recheck(case: Case, observation: Observation, policy: Policy, now: datetime) -> Decision:
    """What would be decided now if the pending intent had not been taken: asked just before it is carried out."""
    fresh = replace(case, attempts=case.attempts[:-1])
    return _decided(fresh, observation, policy, now)[1]


def _decided(case: Case, observation: Observation, policy: Policy, now: datetime) -> tuple[Case, Decision]:
    """The case with what is seen, Defib's again where that is another failure than people have, and the decision.

    Where Defib could only hand that over too, it stays with them, and they hear of it once: not that it is Defib's
    again, and in the next moment that it is theirs.
    """
    diagnosis = diagnose(observation, case, policy, now)
    seen = _see(case, diagnosis, observation, policy, now)
    service = policy.service(case.service)
    if service is not None and fails_anew(seen, service, now):
        back = taken_back(seen, now)
        if maintenance_of(policy, service, observation.tags, now) is None:
            # As if the evidence that was taken before were enough.
            at_last = decide(replace(back, confirmed_at=seen.confirmed_at), observation, diagnosis, policy, now)
            if not isinstance(at_last, Escalate):
                return back, decide(back, observation, diagnosis, policy, now)
            if is_unheard(seen, service, now):
                return seen, as_new(at_last, seen)
    return seen, decide(seen, observation, diagnosis, policy, now)


def intent_deadline(attempt: Attempt, repair: Repair) -> datetime:
    """When an intent without a result is presumed lost."""
    limit = repair.evidence_timeout if attempt.action is Action.EVIDENCE else repair.act_timeout
    return max(attempt.intended_at, attempt.claimed_at or attempt.intended_at) + limit


def _lost_intent(case: Case, repair: Repair, now: datetime) -> Case:
    intent = case.intent
    if intent is None or now < intent_deadline(intent, repair):
        return case
    waited = "taken up, but no result came" if intent.claimed_at else "not taken up"
    return case.with_result(Result(case.id, intent.number, Verdict.LOST, now, detail=f"{waited} in time"))


def _await_result(case: Case, intent: Attempt, repair: Repair, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """An intent is under way: nothing is decided until its result, or its deadline."""
    deadline = intent_deadline(intent, repair)
    if case.look_again_at is not None and case.look_again_at > now:
        return case, ()
    return replace(case, look_again_at=deadline), (Wake(case.instance_id, deadline),)


def _see(case: Case, diagnosis: Diagnosis, observation: Observation, policy: Policy, now: datetime) -> Case:
    """Take the diagnosis into the case."""
    service = policy.service(case.service)
    cause = diagnosis.cause
    healthy = cause in WORKS and well(case, observation)
    trouble = cause not in NOT_TROUBLE
    failing_since = case.failing_since or (diagnosis.since if trouble else None)
    healthy_since = (case.healthy_since or now) if healthy else None
    known = (case.cause, case.since, case.evidence, case.failing_since, case.healthy_since)
    seen = case
    if known != (cause, diagnosis.since, diagnosis.evidence, failing_since, healthy_since):
        seen = replace(
            case,
            cause=cause,
            since=diagnosis.since,
            evidence=diagnosis.evidence,
            failing_since=failing_since,
            healthy_since=healthy_since,
        )
    checks = observation.checks if cause is Cause.EVENT_SCHEDULED else None
    event = planned.announced(checks, observation.launched_at, case, now) if checks is not None else None
    if event is not None:
        return _see_event(seen, event, now)
    if (
        case.confirmed_at is None
        and service is not None
        and trouble
        and now >= diagnosis.since + patience(cause, service)
        and maintenance_of(policy, service, observation.tags, now) is None
    ):
        return replace(seen, confirmed_at=now, confirmed_cause=cause)
    return seen


def _see_event(case: Case, event: Event, now: datetime) -> Case:
    """Take the announced event into the case. There is nothing to be patient about: people are told at once."""
    same = case.event is not None and (case.event.code, case.event.not_before) == (event.code, event.not_before)
    return replace(
        case,
        event=case.event if same else event,
        reminded_at=case.reminded_at if same else None,
        confirmed_at=case.confirmed_at or now,
        confirmed_cause=case.confirmed_cause or Cause.EVENT_SCHEDULED,
    )


def _apply(case: Case, decision: Decision, observation: Observation, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """Take the decision into the case, with the effects that carry it out."""
    idle = _is_idle(case, decision)
    case = case if case.idle is idle else replace(case, idle=idle)
    if case.held_by in PAUSES and not (isinstance(decision, Hold) and decision.guard in PAUSES):
        case = replace(case, resumed_at=now)
    if case.cause is Cause.EVENT_SCHEDULED and isinstance(decision, Act):
        # It has waited for days; the repair begins only now, and only now is the instance missed.
        begins = planned.at_rest(case) and decision.action is not Action.EVIDENCE
        case = replace(case, resumed_at=now, failing_since=now if begins else case.failing_since)
    match decision:
        case Act(action=action, reason=reason, look_again_at=at, to=to):
            if action is Action.DRAIN:
                case = _draining(case, observation)
            elif action is Action.ENTER_STANDBY:
                # Its group takes it from its target groups, and puts it back when it returns to service.
                taken = [t for t in observation.targets if t.health in REGISTERED]
                case = replace(case, standby_places=tuple(t.registration for t in taken))
            case = replace(
                case.with_intent(action, reason, now, to), reason=reason, held_by="", held_action=None, look_again_at=at
            )
            perform = Perform(case.id, case.instance_id, len(case.attempts), action)
            return case, (perform, Wake(case.instance_id, at))
        case Wait(reason=reason, look_again_at=at):
            return replace(case, reason=reason, held_by="", held_action=None, look_again_at=at), (
                Wake(case.instance_id, at),
            )
        case Hold(action=action, guard=guard, reason=reason, look_again_at=at):
            told = planned.told_as(guard, case.cause)
            told_of = case.told_of if told in case.told_of else (*case.told_of, told)
            case = replace(case, reason=reason, held_by=guard, held_action=action, told_of=told_of, look_again_at=at)
            return case, (Wake(case.instance_id, at),)
        case Escalate(reason=reason, ask=ask, look_again_at=at):
            ask = with_lift(with_standby(with_drained(ask, case), case), case)
            case = replace(
                case,
                reason=reason,
                ask=ask,
                held_by="",
                held_action=None,
                handed_over_at=case.handed_over_at or now,
                asked_again_at=now if case.handed_over_at is not None else None,
                told_of=heard(case),
                look_again_at=at,
                confirmed_at=case.confirmed_at or now,
                confirmed_cause=case.confirmed_cause or case.cause,
            )
            return case, (Wake(case.instance_id, at),)
        case Close(outcome=outcome, reason=reason):
            return replace(
                case, reason=reason, held_by="", held_action=None, look_again_at=None, closed_at=now, outcome=outcome
            ), (Wake(case.instance_id, now),) if outcome is Outcome.GAVE_WAY else ()
    assert_never(decision)


def _is_idle(case: Case, decision: Decision) -> bool:
    """Whether Defib has done its part; once it has it is as it was, whatever is seen later, until it begins anew."""
    if isinstance(decision, Act) and decision.action not in GIVES_BACK:
        return False
    return case.idle or (isinstance(decision, Wait) and decision.idle)


def _draining(case: Case, observation: Observation) -> Case:
    """The case that remembers what it is about to take; and what a try before has taken, or may have."""
    taken, out = drainable(observation), left_out(case)
    places = (*out, *(t.registration for t in taken))
    serving = any(t.health is TargetHealth.HEALTHY for t in taken) or (bool(out) and case.drained_serving)
    return replace(case, registrations=tuple(dict.fromkeys(places)), drained_serving=serving)


def _keep_look(
    before: Case, after: Case, effects: tuple[Effect, ...], now: datetime
) -> tuple[Case, tuple[Effect, ...]]:
    """One chain of wake-ups a case: a look ahead of time that changes nothing asks for no wake-up of its own."""
    planned = before.look_again_at
    if planned is not None and planned > now and differ_in_look_only(before, after):
        return before, ()
    return after, effects
