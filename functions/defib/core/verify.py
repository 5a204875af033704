"""When an instance counts as healed: checks pass, load balancers agree, and both for long enough."""

from __future__ import annotations

from datetime import datetime

from defib.core.case import Act, Action, Case, Close, Decision, Escalate, Outcome, Wait
from defib.core.interference import started_by_others
from defib.core.left_out import left_out, served_till_drained
from defib.core.member import in_standby, leave_standby, with_standby
from defib.core.model import FAILING, Cause, CheckStatus, Event, Observation, Registration, TargetHealth
from defib.core.policy import Repair, Service
from defib.core.start import resized
from defib.core.suppression import STARTS_WITHIN, counts_since, lift, seen
from defib.core.target_group import GROUP_GONE
from defib.core.words import clock

BACK = frozenset({Action.RESTORE, Action.START, Action.REBOOT, Action.EXIT_STANDBY})
"""Actions after which load balancers may need time to find it healthy."""


def verify(case: Case, observation: Observation, repair: Repair, service: Service, now: datetime) -> Decision:
    """The decision on an instance whose status checks pass."""
    if case.version == 0:
        return Close(Outcome.NOTHING_WRONG, "status checks pass")
    if is_back(case):
        # What others take it out of by now, for a deployment, say, is not Defib's to put back.
        return _close(case, observation, repair)
    missing = unrestored(case, observation)
    if missing:
        return _restore(case, missing, "status checks pass", repair, now)
    returned = leave_standby(case, repair, now)
    if returned is not None:
        return returned
    joining = awaited(observation) or rejoining(case, observation)
    if joining:
        return _await_targets(case, joining, repair, service, now)
    starting = unsaid(case, observation)
    if starting:
        return _await_check(case, starting, repair, service, now)
    lifted = lift(case, repair, now)
    if lifted is not None:
        return lifted
    since = case.healthy_since or now
    stable = max(since, counts_since(case) or since) + service.verify.stable_for
    if now < stable:
        return Wait("it works again; watching that it stays so", stable)
    return _close(case, observation, repair)


def is_back(case: Case) -> bool:
    """Whether it has served again since its planned restart, or people have it and it serves.

    From then on it is as any other instance, and the case only waits until AWS announces nothing more of it.
    """
    planned = case.confirmed_cause is Cause.EVENT_SCHEDULED
    return planned and case.idle and case.last(Action.REPLACE) is None


def unrestored(case: Case, observation: Observation) -> tuple[Registration, ...]:
    """Registrations that Defib took away and that load balancers don't have yet.

    A group that is there no more is asked for once, so that Defib takes it for put back, and never again.
    """
    taken = case.drained_before or case.last(Action.DRAIN) is not None
    missing = _absent(case.registrations, observation) if taken else ()
    return missing if left_out(case) else _there(missing, observation)


def rejoining(case: Case, observation: Observation) -> tuple[Registration, ...]:
    """Registrations that its Auto Scaling group has not put back yet, though it is to serve again."""
    if case.last(Action.EXIT_STANDBY) is None:
        return ()
    # A case stored by an earlier version has them where a drain, if there was one, has overwritten them.
    earlier = case.registrations if case.last(Action.DRAIN) is None else ()
    missing = _absent(case.standby_places or earlier, observation)
    return _there(missing, observation)


def _absent(places: tuple[Registration, ...], observation: Observation) -> tuple[Registration, ...]:
    present = {
        t.registration for t in observation.targets if t.health not in (TargetHealth.UNUSED, TargetHealth.DRAINING)
    }
    return tuple(place for place in places if place not in present)


def _there(places: tuple[Registration, ...], observation: Observation) -> tuple[Registration, ...]:
    """Those of ``places`` whose group has not been deleted since."""
    gone = {t.registration for t in observation.targets if t.reason == GROUP_GONE}
    return tuple(place for place in places if place not in gone)


def awaited(observation: Observation) -> tuple[Registration, ...]:
    """Registrations whose health check has not passed yet."""
    pending = FAILING | {TargetHealth.INITIAL, TargetHealth.DRAINING}
    return tuple(t.registration for t in observation.targets if t.health in pending)


def unsaid(case: Case, observation: Observation) -> str:
    """Which check runs, but has said nothing yet, as for minutes after a start though others pass; empty for none."""
    checks = observation.checks
    each = () if checks is None else (("attached EBS", checks.attached_ebs), ("application", seen(checks, case)))
    return next((name for name, check in each if check.status is CheckStatus.INITIALIZING), "")


def well(case: Case, observation: Observation) -> bool:
    """Whether nothing is missing but time."""
    returned = in_standby(case) is None or case.handed_over_at is not None
    missing = unrestored(case, observation) or awaited(observation) or rejoining(case, observation)
    return returned and not missing and not unsaid(case, observation)


def coming_back(case: Case, service: Service, now: datetime) -> bool:
    """Whether what Defib has done since the hand-over may show any moment: then it is watched as closely as before."""
    taken_over = case.handed_over_at
    back = max((a.done_at for a in case.attempts if a.action in BACK and a.done_at is not None), default=None)
    return taken_over is not None and back is not None and taken_over <= back and now < back + service.verify.timeout


def put_back(case: Case, observation: Observation, repair: Repair, now: datetime) -> Act | Wait | None:
    """What served until Defib drained it goes back where its stop may not follow; None where nothing is to be put back.

    Held and drained it would serve nobody, and take the turn of others for as long.
    """
    missing = unrestored(case, observation)
    if case.drained is None or not missing or not served_till_drained(case):
        return None
    decision = _restore(case, missing, "it may not be stopped now", repair, now)
    return decision if isinstance(decision, Act | Wait) else None


def _restore(case: Case, missing: tuple[Registration, ...], why: str, repair: Repair, now: datetime) -> Decision:
    drained = case.last(Action.DRAIN)
    tried = [a for a in case.attempts if a.action is Action.RESTORE and (drained is None or a.number > drained.number)]
    groups = ", ".join(sorted({r.target_group_name for r in missing}))
    if len(tried) >= repair.starts:
        ask = f"Register {case.instance_id} in target group {groups}."
        return Escalate(f"it works, but could not be registered in {groups}", ask, now + repair.hold)
    last = tried[-1] if tried else None
    if last is not None and last.done_at is not None and now < last.done_at + repair.settle:
        return Wait("reads lag behind the registration", last.done_at + repair.settle)
    if last is not None and last.result is not None and now < last.result.at + repair.retry_backoff:
        return Wait(f"registering in {groups} failed; trying again", last.result.at + repair.retry_backoff)
    return Act(Action.RESTORE, f"{why}: back into {groups}", now + repair.act_timeout)


def _await_targets(
    case: Case, joining: tuple[Registration, ...], repair: Repair, service: Service, now: datetime
) -> Decision:
    groups = ", ".join(sorted({r.target_group_name for r in joining}))
    limit = _came_back(case) + service.verify.timeout
    if now < limit or case.handed_over_at is not None:
        return Wait(f"waiting until it is healthy in {groups}", now + repair.look_again)
    ask = f"Find out why the load balancer's health check of {groups} fails."
    return Escalate(f"its status checks pass, but it does not become healthy in {groups}", ask, now + repair.hold)


def _await_check(case: Case, starting: str, repair: Repair, service: Service, now: datetime) -> Decision:
    limit = _came_back(case) + max(service.verify.timeout, STARTS_WITHIN)
    if now < limit or case.handed_over_at is not None:
        return Wait(f"waiting until its {starting} status check has passed", now + repair.look_again)
    ask = f"Find out why the {starting} status check of {case.instance_id} goes on initializing."
    return Escalate(f"its other status checks pass, but its {starting} status check does not", ask, now + repair.hold)


def _came_back(case: Case) -> datetime:
    """Since when it has been on its way back: where Defib has done nothing since it works, however old its case is."""
    return max((a.done_at for a in case.attempts if a.action in BACK and a.done_at), default=case.since)


def _close(case: Case, observation: Observation, repair: Repair) -> Close:
    announced = case.event if case.confirmed_cause is Cause.EVENT_SCHEDULED else None
    if announced is not None:
        outcome, reason = _event_over(case, announced, observation, repair)
    else:
        outcome, reason = _works_again(case, observation, repair)
    # Also one that Defib's own later start has healed: once people have it, Defib does not return it to service.
    return Close(outcome, with_standby(reason, case))


def _works_again(case: Case, observation: Observation, repair: Repair) -> tuple[Outcome, str]:
    """How it was healed, or that it has recovered."""
    repaired = case.count(Action.REBOOT, Action.START) > 0
    started = case.last(Action.START)
    again = case.handed_over_at is not None and started is not None and started.intended_at >= case.handed_over_at
    if case.handed_over_at is not None and not again:
        return Outcome.RECOVERED, "it works again since people took over"
    others = started_by_others(case, observation, repair)
    if others is not None:
        return Outcome.RECOVERED, f"it works again since somebody else started it at {clock(others)}"
    if not repaired:
        return Outcome.RECOVERED, "it works again; Defib did nothing to it"
    cure = "stopping and starting it" if case.count(Action.START) else "the reboot"
    if case.count(Action.START) and case.last(Action.STOP, Action.FORCE_STOP) is None:
        cure = "starting it"
    if again:
        cure = "one of the later starts"
    changed = resized(case, observation)
    return Outcome.HEALED, f"{cure} cured it. {changed}" if changed else f"{cure} cured it"


def _event_over(case: Case, event: Event, observation: Observation, repair: Repair) -> tuple[Outcome, str]:
    """What AWS had announced is announced no more."""
    others = started_by_others(case, observation, repair)
    if others is not None:
        return Outcome.RECOVERED, f"the {event.code} is off since somebody else started it at {clock(others)}"
    if case.count(Action.START):
        changed = resized(case, observation)
        reason = f"it is on another host, the {event.code} is off"
        return Outcome.HEALED, f"{reason}. {changed}" if changed else reason
    return Outcome.RECOVERED, f"AWS has done or called off the {event.code}"
