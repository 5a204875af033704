"""The rungs that touch an instance's power: reboot, drain, stop, force stop, start."""

from __future__ import annotations

from datetime import datetime

from defib.core.case import Act, Action, Case, Decision, Escalate, Wait
from defib.core.model import Cause, Observation, TargetHealth
from defib.core.policy import ApplicationRemedy, Policy, Service
from defib.core.words import CAUSE_WORDS

VERBS = {
    Action.EVIDENCE: "capture evidence of",
    Action.REBOOT: "reboot",
    Action.DRAIN: "deregister",
    Action.STOP: "stop",
    Action.FORCE_STOP: "force the stop of",
    Action.START: "start",
    Action.RESTORE: "register",
}

REBOOT_CAN_HELP = frozenset({Cause.INSTANCE_IMPAIRED, Cause.APPLICATION_DOWN})
"""Where the fault may lie inside the instance. A reboot stays on the same host, so it can't mend a system or EBS
fault (AWSEC2 UserGuide, How EC2 instance stop and start works); one dead on arrival has nothing to keep."""

REGISTERED = frozenset({TargetHealth.INITIAL, TargetHealth.HEALTHY, TargetHealth.UNHEALTHY, TargetHealth.UNAVAILABLE})


def climb(
    case: Case, observation: Observation, cause: Cause, policy: Policy, service: Service, now: datetime
) -> Decision:
    """The next rung for a running instance that fails."""
    trial = _trial(case, observation, cause, policy, service, now)
    if trial is not None:
        return trial
    repair = policy.repair
    if cause is Cause.APPLICATION_DOWN and service.application_down is ApplicationRemedy.TELL:
        return ask_people("its checks pass but the application is down", policy, now)
    restarted = case.count(Action.START)
    if cause in REBOOT_CAN_HELP and restarted == 0 and case.count(Action.REBOOT) < repair.reboots:
        return Act(Action.REBOOT, f"{CAUSE_WORDS[cause]}: a reboot may cure it", now + repair.act_timeout)
    if cause is Cause.APPLICATION_DOWN and service.application_down is ApplicationRemedy.REBOOT:
        return ask_people("its checks pass, and a reboot did not bring the application back", policy, now)
    if restarted >= repair.restarts:
        times = "once" if restarted == 1 else f"{restarted} times"
        return ask_people(f"{CAUSE_WORDS[cause]}, though it was stopped and started {times}", policy, now)
    return _drain(case, observation, cause, policy, now) or Act(
        Action.STOP, _why_restart(case, cause), now + repair.act_timeout
    )


def force_stop(case: Case, policy: Policy, now: datetime) -> Decision:
    """Stopping for too long: force it once, then ask people."""
    forced = case.last(Action.FORCE_STOP)
    if forced is None or forced.done_at is None:
        return Act(Action.FORCE_STOP, "it does not stop by itself", now + policy.repair.act_timeout)
    limit = forced.done_at + policy.repair.force_stop_timeout
    if now < limit:
        return Wait("its stop is being forced", min(limit, now + policy.repair.look_again))
    return ask_people("it does not stop even when forced; AWS Support can free it", policy, now)


def start(case: Case, observation: Observation, policy: Policy, now: datetime) -> Decision:
    """Stopped, and it should run."""
    repair = policy.repair
    started = case.last(Action.START)
    if started is not None and started.done_at is not None and now < started.done_at + repair.settle:
        return Wait("EC2's reads lag behind the start", started.done_at + repair.settle)
    tried = [a for a in case.attempts if a.action is Action.START]
    if len(tried) >= repair.starts:
        result = tried[-1].result
        said = (result.code or result.detail) if result is not None and not tried[-1].done_at else ""
        said = said or observation.state_reason or observation.state_reason_code or "AWS gives no reason"
        return ask_people(f"it could not be started in {len(tried)} tries: {said}", policy, now)
    return Act(Action.START, "it is stopped and should run", now + repair.act_timeout)


def ask_people(reason: str, policy: Policy, now: datetime) -> Escalate:
    """Hand over, with what a person should do."""
    ask = "Look at the evidence and mend or replace the instance. Defib goes on watching and will say when it is well."
    return Escalate(reason, ask, now + policy.repair.hold)


def _trial(
    case: Case, observation: Observation, cause: Cause, policy: Policy, service: Service, now: datetime
) -> Wait | None:
    """Give the last act time to show: EC2's reads lag, machines take time to boot and checks to notice."""
    last = case.last(Action.REBOOT, Action.STOP, Action.FORCE_STOP, Action.START)
    if last is None or last.done_at is None:
        return None
    repair = policy.repair
    if last.action is Action.REBOOT:
        until, words = last.done_at + repair.reboot_trial, "giving the reboot time to work"
    elif last.action is Action.START or observation.launched_at > last.done_at:
        given = service.verify.timeout if cause is Cause.APPLICATION_DOWN else repair.restart_trial
        until, words = max(last.done_at, observation.launched_at) + given, "giving the start time to work"
    else:
        until, words = last.done_at + repair.settle, "EC2's reads lag behind the stop"
    return Wait(words, min(until, now + repair.look_again)) if now < until else None


def _drain(case: Case, observation: Observation, cause: Cause, policy: Policy, now: datetime) -> Act | Wait | None:
    """Take it from its load balancers before it stops; None when there is nothing left to drain."""
    drained = case.last(Action.DRAIN)
    restored = case.last(Action.RESTORE)
    registered = [t for t in observation.targets if t.manageable and t.health in REGISTERED]
    current = drained is not None and (restored is None or drained.number > restored.number)
    unheard = drained is not None and drained.done_at is not None and now >= drained.done_at + policy.repair.settle
    if registered and (not current or unheard):
        groups = ", ".join(sorted({t.registration.target_group_name for t in registered}))
        reason = f"{CAUSE_WORDS[cause]}: no more requests from {groups} before it stops"
        return Act(Action.DRAIN, reason, now + policy.repair.act_timeout)
    if not current or drained is None or drained.done_at is None:
        return None
    if not case.drained_serving:
        return None
    draining = registered or any(t.health is TargetHealth.DRAINING for t in observation.targets)
    limit = drained.done_at + policy.repair.drain_timeout
    if draining and now < limit:
        return Wait("its open requests are being drained", min(limit, now + policy.repair.look_again))
    return None


def _why_restart(case: Case, cause: Cause) -> str:
    if case.count(Action.START):
        return f"{CAUSE_WORDS[cause]} again: once more"
    if case.count(Action.REBOOT):
        return f"{CAUSE_WORDS[cause]} after a reboot: a stop and start moves it to another host"
    return f"{CAUSE_WORDS[cause]}: only a stop and start moves it to another host"
