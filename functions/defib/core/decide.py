"""The ladder: wait, evidence, quiet, reboot, drain, stop, force stop, start, verify, restore, healed; or people."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from defib.core import approval, member, planned, restart, start, suppression
from defib.core.boot import with_time_to_boot, with_time_to_stop
from defib.core.bounds import bounded, line_stands, overdue, pause_after_faults, spent
from defib.core.case import Act, Action, Case, Close, Decision, Escalate, Hold, Outcome, Wait
from defib.core.diagnose import failed_before, host_mended
from defib.core.frozen import replace
from defib.core.guard import SPOKEN_FOR, TURNS, refuse
from defib.core.guards.consent import needs_yes
from defib.core.guards.loss import waits_for_traits
from defib.core.guards.question import GIVES_BACK, Question, Refusal
from defib.core.handed_over import asked, has_evidence, is_theirs, unmended, unmended_for
from defib.core.interference import meddled
from defib.core.left_out import left_to_people
from defib.core.maintenance import maintenance_of
from defib.core.membership import GroupMember
from defib.core.model import NOT_FAILING, Cause, Diagnosis, InstanceState, Observation
from defib.core.patience import patience
from defib.core.policy import Mode, Policy, Service
from defib.core.verify import coming_back, put_back, verify
from defib.core.words import CAUSE_WORDS


def decide(case: Case, observation: Observation, diagnosis: Diagnosis, policy: Policy, now: datetime) -> Decision:
    """What to do about the instance now, why, and when to look again."""
    policy = with_time_to_boot(policy, observation.instance_type)
    policy = with_time_to_stop(policy, observation.lifecycle)
    service = policy.service(case.service)
    if service is None:
        gone = Close(Outcome.LEFT_ALONE, _left_alone(case, f"service {case.service} is no longer configured"))
        return suppression.said(gone, case, policy.repair, now)
    decision = _by_cause(case, observation, diagnosis, policy, service, now)
    if case.handed_over_at is not None:
        decision = _handed_over(case, decision, observation, policy, service, now)
        if isinstance(decision, Wait) and not decision.idle:
            may = refuse(Question(Action.RESIZE, case, observation, service, policy, now)) is None
            started = start.start_again(case, observation, diagnosis.cause, policy, service, now, may_resize=may)
            decision = started or decision
    decision = _still_its(case, observation, decision, policy)
    decision = _unmeddled(case, observation, decision, policy, now)
    decision = _not_refused(case, decision, policy, service, now)
    decision = suppression.before_leaving(case, observation, decision, policy, now)
    # What Defib itself has stopped, or begun to move within the window, must not fail in silence.
    own = case.owes_start(diagnosis.cause) or case.confirmed_cause is Cause.EVENT_SCHEDULED
    if isinstance(decision, Escalate) and not own:
        window = maintenance_of(policy, service, observation.tags, now)
        if window is not None:
            return Wait(f"in maintenance, people are not called: {decision.reason}", now + policy.repair.hold)
    if isinstance(decision, Act):
        refusal = refuse(Question(decision.action, case, observation, service, policy, now))
        if refusal is not None:
            back = _put_back(Question(Action.RESTORE, case, observation, service, policy, now), decision, refusal)
            if back is not None:
                return back
            stuck = line_stands(case, observation, policy, service, now) if refusal.guard in TURNS else None
            if stuck is not None:
                return stuck
            again = _next_look(case, refusal, observation, policy, now)
            return Hold(decision.action, refusal.guard, refusal.reason, again)
        lasting = diagnosis.since + patience(diagnosis.cause, service)
        if now < lasting and _began_behind_a_crowd(case, diagnosis):
            reason = f"{CAUSE_WORDS[diagnosis.cause]}: not yet long enough to count"
            # Held as before: whether that still goes on is only read for an act, and nobody need hear of either.
            still = case.held_by in SPOKEN_FOR
            return Hold(decision.action, case.held_by, reason, lasting) if still else Wait(reason, lasting)
        return suppression.before(case, observation, decision, policy.repair, now)
    return suppression.said(decision, case, policy.repair, now) if isinstance(decision, Close) else decision


def _put_back(asked: Question, refused: Act, refusal: Refusal) -> Act | Wait | None:
    """What has been drained for a stop that is held serves on meanwhile, unless AWS only has yet to answer."""
    if refused.action is not Action.STOP or waits_for_traits(refusal.guard, asked.observation.traits):
        return None
    back = put_back(asked.case, asked.observation, asked.policy.repair, asked.now)
    return back if back is not None and refuse(asked) is None else None


def _began_behind_a_crowd(case: Case, diagnosis: Diagnosis) -> bool:
    """Whether it has begun while the case was held with a crowd: another failure than the one that was confirmed.

    Nobody looks at what is held so, and in a zone that recovers checks fail and pass for a while.
    """
    held = not case.attempts and not SPOKEN_FOR.isdisjoint(case.told_of)
    return held and case.confirmed_at is not None and diagnosis.since > case.confirmed_at


def _next_look(case: Case, refusal: Refusal, observation: Observation, policy: Policy, now: datetime) -> datetime:
    """When what a guard holds is looked at again; one whose repair has begun waits in no line."""
    hold = policy.repair.hold
    rest = hold if case.acted else policy.limits.hold_among(observation.stack.failing, hold)
    if refusal.guard == approval.GUARD:
        until = case.approval.until if case.approval is not None else now + policy.repair.approval_timeout
        return min(until, now + rest)
    # They hold hundreds, and the sweep looks at them all when it is over.
    return now + max(rest, hold * 5 if refusal.guard in SPOKEN_FOR else hold)


def _not_refused(case: Case, decision: Decision, policy: Policy, service: Service, now: datetime) -> Decision:
    """Where people have said no, or nothing in time, the repair is theirs."""
    asks = service.mode is Mode.APPROVE and isinstance(decision, Act) and needs_yes(decision.action, case)
    refused = approval.refused(case.approval, now) if asks else ""
    if not refused:
        return decision
    if case.handed_over_at is not None:
        return Wait(refused, now + policy.repair.hold)
    ask = "Repair it yourself, or leave it as it is. Defib goes on watching and will say when it is well."
    return Escalate(refused, ask, now + policy.repair.hold)


def _still_its(case: Case, observation: Observation, decision: Decision, policy: Policy) -> Decision:
    """Of an instance that belongs to another service by now, or to none, nothing was read that its guards ask for.

    What Defib has taken from it, it gets back all the same. What its people have of it, or expect, is theirs no more.
    """
    waits = is_theirs(case) or (case.cause is Cause.EVENT_SCHEDULED and planned.at_rest(case))
    goes_on = decision.action in (*GIVES_BACK, Action.START) if isinstance(decision, Act) else not waits
    owner = policy.service_of(observation.tags)
    if goes_on or isinstance(decision, Close) or (owner is not None and owner.name == case.service):
        return decision
    return Close(Outcome.LEFT_ALONE, _left_alone(case, f"its tags no longer make it part of service {case.service}"))


def _unmeddled(case: Case, observation: Observation, decision: Decision, policy: Policy, now: datetime) -> Decision:
    """Whoever else is at it, has it: Defib puts back what it took, and begins nothing more."""
    if not isinstance(decision, Act) or decision.action is Action.EVIDENCE or decision.action in GIVES_BACK:
        return decision
    done = meddled(case, observation, decision.action, policy.repair, now)
    if not done:
        return decision
    return Wait(done, now + policy.repair.hold) if case.handed_over_at else restart.ask_people(done, policy, now)


def _by_cause(
    case: Case, observation: Observation, diagnosis: Diagnosis, policy: Policy, service: Service, now: datetime
) -> Decision:
    if not policy.opted_in(observation.tags) and diagnosis.cause is not Cause.TERMINATED:
        untagged = f"it does not carry the opt-in tag {policy.opt_in.key}={policy.opt_in.value}"
        return Close(Outcome.LEFT_ALONE, _left_alone(case, untagged))
    replacement = member.await_replacement(case, observation, diagnosis.cause, policy, now)
    if replacement is not None and diagnosis.cause is not Cause.TERMINATED:
        return replacement
    match diagnosis.cause:
        case Cause.TERMINATED:
            return member.terminated(case)
        case Cause.STOPPED_BY_PERSON:
            return Close(Outcome.LEFT_ALONE, _left_alone(case, "a person stopped it; Defib leaves it alone"))
        case Cause.HEALTHY:
            return verify(case, observation, policy.repair, service, now)
        case Cause.STOPPING:
            until = diagnosis.since + policy.repair.stop_timeout
            return Wait("it is stopping", min(until, now + policy.repair.look_again))
        case Cause.INITIALIZING:
            return _boot(case, observation, policy, service, now)
        case Cause.EVENT_SCHEDULED:
            return _before_event(case, observation, policy, service, now)
        case _:
            return _trouble(case, observation, diagnosis, policy, service, now)


def _left_alone(case: Case, why: str) -> str:
    """``why`` people have it, even in the middle of a repair, and what Defib has taken from it."""
    return member.with_standby(left_to_people(why, case), case)


def _boot(case: Case, observation: Observation, policy: Policy, service: Service, now: datetime) -> Decision:
    """Starting up: wait, but not for ever."""
    if planned.gives_way(case):
        return Wait("it is starting up", now + policy.repair.look_again, idle=case.idle)
    late = overdue(case, policy, service, now)
    if late is not None:
        return late
    started = case.last(Action.START, Action.REBOOT)
    if started is None or started.done_at is None:
        return Wait("it is starting up", now + policy.repair.look_again)
    limit = max(started.done_at, observation.launched_at) + service.verify.timeout
    if now < limit:
        return Wait("it is starting up", min(limit, now + policy.repair.look_again))
    if observation.state is InstanceState.PENDING:
        # EC2 can neither stop nor start it; after repair.start_timeout it is called stuck.
        return Wait("it is starting up", now + policy.repair.look_again)
    return bounded(case, observation, policy, now) or _next_rung(
        case, observation, Cause.INITIALIZING, policy, service, now
    )


def _before_event(case: Case, observation: Observation, policy: Policy, service: Service, now: datetime) -> Decision:
    """It works, and AWS has announced an event: restarted in time where that is wanted, never left drained."""
    if case.event is None:
        return Wait("AWS has announced work on it", now + policy.repair.hold)
    if case.handed_over_at is not None:
        waits = Wait("handed over to people", now + planned.LOOK, idle=True)
        return planned.given_back(case, observation, policy, service, now) or waits
    decision = planned.restart_it(case, observation, case.event, policy, service, now)
    if not isinstance(decision, Act) or decision.action in GIVES_BACK:
        return decision
    if refuse(Question(decision.action, case, observation, service, policy, now)) is not None:
        return planned.given_back(case, observation, policy, service, now) or decision
    return spent(case, observation, policy, now) or pause_after_faults(case, policy, now) or decision


def _trouble(
    case: Case, observation: Observation, diagnosis: Diagnosis, policy: Policy, service: Service, now: datetime
) -> Decision:
    """A failure: confirmed by patience, bounded by limits, then the next rung."""
    cause = diagnosis.cause
    if planned.gives_way(case):
        confirmed = diagnosis.since + patience(cause, service)
        if now < confirmed:
            return Wait(f"{CAUSE_WORDS[cause]}: not yet long enough to count", confirmed, idle=case.idle)
        return Close(Outcome.GAVE_WAY, f"{CAUSE_WORDS[cause]}: that is a case of its own")
    if case.confirmed_at is None:
        window = maintenance_of(policy, service, observation.tags, now)
        if window is not None:
            reason = f"{CAUSE_WORDS[cause]}, in maintenance until {window.until(now)}: left alone until then"
            return Wait(reason, window.end)
        confirmed = diagnosis.since + patience(cause, service)
        if now < confirmed:
            return Wait(f"{CAUSE_WORDS[cause]}: not yet long enough to count", confirmed)
    elif cause is Cause.UNKNOWN and now < diagnosis.since + service.patience.unknown:
        # An instance that has begun to stop this moment is still running, but has no checks any more.
        return Wait(f"{CAUSE_WORDS[cause]}; it may in a moment", now + policy.repair.look_again)
    else:
        follows = _follows(case, observation, diagnosis, policy, service, now)
        if follows is not None:
            return follows
    bound = bounded(case, observation, policy, now)
    if bound is not None:
        return bound
    if not has_evidence(case):
        reason = f"{CAUSE_WORDS[cause]}: evidence first, a restart destroys it"
        return Act(Action.EVIDENCE, reason, now + policy.repair.evidence_timeout)
    return _next_rung(case, observation, cause, policy, service, now)


def _follows(
    case: Case, observation: Observation, diagnosis: Diagnosis, policy: Policy, service: Service, now: datetime
) -> Wait | Hold | None:
    """Leave time to a failure that may be what is left of another, which somebody else has mended."""
    cause, checks = diagnosis.cause, observation.checks
    counts = diagnosis.since + patience(cause, service)
    if cause is Cause.APPLICATION_DOWN and failed_before(case):
        reason = "its status checks pass again; its application may follow"
    elif cause is Cause.INSTANCE_IMPAIRED and checks and host_mended(case, checks.instance.impaired_since):
        counts = max(counts, diagnosis.since + policy.repair.reboot_trial)
        reason = "its system status check passes again; it may still be booting"
    else:
        return None
    if now >= counts:
        return None
    again = min(counts, now + policy.repair.look_again)
    # Whoever has heard of its zone need not hear of each that has yet to follow it.
    still = case.held_by in SPOKEN_FOR
    return Hold(Action.EVIDENCE, case.held_by, reason, again) if still else Wait(reason, again)


def _next_rung(
    case: Case, observation: Observation, cause: Cause, policy: Policy, service: Service, now: datetime
) -> Decision:
    match cause:
        case Cause.STOPPED_UNASKED if observation.group and service.group_member is GroupMember.REPLACE:
            return member.replace_it(observation, cause, policy.repair, now)
        case Cause.STOPPED_BY_DEFIB | Cause.STOPPED_UNASKED:
            another_type = Question(Action.RESIZE, case, observation, service, policy, now)
            return start.start(case, observation, policy, service, now, may_resize=refuse(another_type) is None)
        case Cause.STUCK_STOPPING:
            return restart.force_stop(case, service, policy, now)
        case Cause.STUCK_PENDING:
            return Escalate("it has been pending for too long", restart.STUCK_PENDING, now + policy.repair.hold)
        case Cause.UNKNOWN:
            return restart.ask_people("EC2 does not say whether it works", policy, now)
        case _:
            return restart.climb(case, observation, cause, policy, service, now)


def _handed_over(
    case: Case, decision: Decision, observation: Observation, policy: Policy, service: Service, now: datetime
) -> Decision:
    """People have it: Defib watches, and puts back only what it took (its load balancer registrations)."""
    match decision:
        case Act(action=Action.RESTORE) | Close() | Wait(idle=True):
            return decision
        case Act() | Wait() | Hold() | Escalate():
            if case.cause not in NOT_FAILING and unmended_for(case, now) >= policy.repair.handed_over_age:
                again = restart.ask_people(unmended(case), policy, now)
                return replace(again, ask=asked(case) or again.ask)
            if isinstance(decision, Wait) and case.healthy_since is not None:
                return decision
            rest = policy.limits.hold_among(observation.stack.failing, policy.repair.hold)
            if isinstance(decision, Wait) and coming_back(case, service, now):
                return replace(decision, look_again_at=min(decision.look_again_at, now + rest))
            return Wait("handed over to people", now + rest)
    assert_never(decision)
