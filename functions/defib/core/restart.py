"""The rungs that touch an instance's power: reboot, drain, stop, force stop, start."""

from __future__ import annotations

from datetime import datetime

from defib.core import member
from defib.core.case import Act, Action, Attempt, Case, Decision, Escalate, Wait
from defib.core.model import FAILING, REGISTERED, Cause, CheckStatus, Observation, Target, TargetHealth, Verdict
from defib.core.policy import ApplicationRemedy, Policy, Service
from defib.core.suppression import confirmed_in, passes_over_reboot
from defib.core.words import CAUSE_WORDS, clock

VERBS = {
    Action.EVIDENCE: "capture evidence of",
    Action.REBOOT: "reboot",
    Action.DRAIN: "deregister",
    Action.STOP: "stop",
    Action.FORCE_STOP: "force the stop of",
    Action.START: "start",
    Action.RESTORE: "register",
    Action.SKIP_OS_SHUTDOWN: "stop, without a shutdown of its system,",
    Action.RESIZE: "change the type of",
    Action.ENTER_STANDBY: "begin the Standby of",
    Action.EXIT_STANDBY: "end the Standby of",
    Action.REPLACE: "replace",
    Action.SUPPRESS_CHECK: "suppress the application status check of",
    Action.RESUME_CHECK: "resume the application status check of",
}

TRIED = (Action.REBOOT, Action.STOP, Action.FORCE_STOP, Action.START)
"""Actions that need time to show."""

REBOOT_CAN_HELP = frozenset({Cause.INSTANCE_IMPAIRED, Cause.APPLICATION_DOWN})
"""Where the fault may lie inside the instance. A reboot stays on the same host, so it can't mend a system or EBS
fault (AWSEC2 UserGuide, How EC2 instance stop and start works); one dead on arrival has nothing to keep."""


STUCK_STOPPING = (
    "Ask AWS Support to free it: its host is most likely at fault. To have it back sooner, make an image of it without "
    "a reboot and launch another from that. Defib goes on watching, and starts it once it has stopped."
)
"""AWS advises this ten minutes after a forced stop (AWSEC2 UserGuide, Troubleshoot instance stop issues)."""

NO_REBOOT = " but the application is down, and repair.reboots allows no reboot"

STUCK_PENDING = (
    "Ask AWS Support to free it, or launch another from its image: EC2 can neither stop nor start what is pending. "
    "Defib goes on watching and will say when it is well."
)


def climb(
    case: Case, observation: Observation, cause: Cause, policy: Policy, service: Service, now: datetime
) -> Decision:
    """The next rung for a running instance that fails."""
    waits = trial(case, observation, cause, policy, service, now)
    if waits is not None:
        return waits
    recovering = _recovering(case, observation, policy, now)
    if recovering is not None:
        return recovering
    repair = policy.repair
    if cause is Cause.APPLICATION_DOWN and service.application_down is ApplicationRemedy.TELL:
        return ask_people("its checks pass but the application is down", policy, now)
    restarted = case.count(Action.START)
    left = restarted == 0 and case.count(Action.REBOOT) < repair.reboots
    if cause in REBOOT_CAN_HELP and left and not passes_over_reboot(case, observation, cause, service):
        return Act(Action.REBOOT, f"{CAUSE_WORDS[cause]}: a reboot may cure it", now + repair.act_timeout)
    if cause is Cause.APPLICATION_DOWN and service.application_down is ApplicationRemedy.REBOOT:
        tried = ", and a reboot did not bring the application back" if case.count(Action.REBOOT) else NO_REBOOT
        return ask_people(f"its checks pass{tried}", policy, now)
    if restarted >= repair.restarts:
        return ask_people(f"{CAUSE_WORDS[cause]}{_in_vain(case, restarted)}", policy, now)
    return (
        member.before_stop(case, observation, cause, policy, service, now)
        or drain(case, observation, cause, policy, now)
        or Act(Action.STOP, _why_restart(case, cause), now + repair.act_timeout)
    )


def force_stop(case: Case, service: Service, policy: Policy, now: datetime) -> Decision:
    """Stopping for too long: force it, then, where allowed, skip its system's shutdown, then ask people.

    Each is asked for again, once, where no answer came and nothing came of it.
    """
    repair = policy.repair
    forced, skipped = case.tried(Action.FORCE_STOP), case.tried(Action.SKIP_OS_SHUTDOWN)
    for action in (Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN):
        if case.to_repeat(action, repair.settle, now):
            return Act(action, "no answer came, and it does not stop: once more", now + repair.act_timeout)
    if not forced:
        return Act(Action.FORCE_STOP, "it does not stop by itself", now + repair.act_timeout)
    last = max(attempt.done_at for attempt in (*forced, *skipped) if attempt.done_at is not None)
    if now < last + repair.force_stop_timeout:
        return Wait("its stop is being forced", min(last + repair.force_stop_timeout, now + repair.look_again))
    if not skipped and service.allow_skip_os_shutdown:
        reason = "it does not stop even when forced: without a shutdown of its system"
        return Act(Action.SKIP_OS_SHUTDOWN, reason, now + repair.act_timeout)
    return Escalate("it does not stop even when forced", STUCK_STOPPING, now + repair.hold)


def drainable(observation: Observation) -> list[Target]:
    """Where it can be taken out of.

    Where no other target is healthy a load balancer sends requests to all of them (ELB User Guide, Health checks):
    taking one away would leave nothing serving at all.
    """
    return [t for t in observation.targets if t.manageable and t.health in REGISTERED and t.others_healthy != 0]


def ask_people(reason: str, policy: Policy, now: datetime) -> Escalate:
    """Hand over, with what a person should do."""
    ask = "Look at the evidence and mend or replace the instance. Defib goes on watching and will say when it is well."
    return Escalate(reason, ask, now + policy.repair.hold)


def _recovering(case: Case, observation: Observation, policy: Policy, now: datetime) -> Wait | None:
    """Leave a failed host to EC2's own recovery for a while, where there is one: two at once would race.

    By the check, not the cause: what was launched on a host that fails already is called dead on arrival.
    """
    traits, checks = observation.traits, observation.checks
    if checks is None or checks.system.status is not CheckStatus.IMPAIRED:
        return None
    if not traits.auto_recovery or traits.instance_store:
        return None
    until = (checks.system.impaired_since or case.since) + policy.repair.auto_recovery_grace
    if now >= until:
        return None
    words = f"EC2's own automatic recovery may be at it: left to it until {clock(until)}"
    return Wait(words, min(until, now + policy.repair.look_again))


def trial(
    case: Case, observation: Observation, cause: Cause, policy: Policy, service: Service, now: datetime
) -> Wait | None:
    """Give the last act time to show: EC2's reads lag, machines take time to boot and checks to notice."""
    last = case.last(*TRIED)
    if last is None or last.done_at is None:
        return None
    repair = policy.repair
    if last.action is Action.REBOOT:
        # A load balancer may ask five times, half a minute apart, before it calls a target healthy.
        asked = cause is Cause.APPLICATION_DOWN and any(t.health in FAILING for t in observation.targets)
        longer = service.verify.timeout if asked else repair.reboot_trial
        until = last.done_at + max(repair.reboot_trial, longer) + confirmed_in(observation, cause)
        words = "giving the reboot time to work"
    elif last.action is Action.START or observation.launched_at > last.done_at:
        given = service.verify.timeout if cause is Cause.APPLICATION_DOWN else repair.restart_trial
        until, words = max(last.done_at, observation.launched_at) + given, "giving the start time to work"
    else:
        until, words = last.done_at + repair.settle, "EC2's reads lag behind the stop"
    return Wait(words, min(until, now + repair.look_again)) if now < until else None


def drain(case: Case, observation: Observation, cause: Cause, policy: Policy, now: datetime) -> Act | Wait | None:
    """Take it from its load balancers before it stops; None when there is nothing left to drain."""
    drained, registered = case.drained, drainable(observation)
    if registered and (drained is None or _unfinished(case, drained, registered, policy, now)):
        groups = ", ".join(sorted({t.registration.target_group_name for t in registered}))
        reason = f"{CAUSE_WORDS[cause]}: no more requests from {groups} before it stops"
        return Act(Action.DRAIN, reason, now + policy.repair.act_timeout)
    if drained is None or drained.done_at is None:
        return None
    if not case.drained_serving:
        return None
    draining = registered or any(t.health is TargetHealth.DRAINING for t in observation.targets)
    limit = drained.done_at + policy.repair.drain_timeout
    if draining and now < limit:
        return Wait("its open requests are being drained", min(limit, now + policy.repair.look_again))
    return None


def _unfinished(case: Case, drained: Attempt, registered: list[Target], policy: Policy, now: datetime) -> bool:
    """Whether a drain was never heard of, or something has been registered since it was decided.

    What was taken out, and stands there again, somebody else has registered.
    """
    if drained.done_at is None or now < drained.done_at + policy.repair.settle:
        return False
    lost = drained.result is not None and drained.result.verdict is Verdict.LOST
    return lost or any(target.registration not in case.registrations for target in registered)


def _in_vain(case: Case, restarted: int) -> str:
    """What has been tried, or why nothing was: never an act that was none."""
    if restarted:
        return f", though it was stopped and started {'once' if restarted == 1 else f'{restarted} times'}"
    after = " after a reboot" if case.count(Action.REBOOT) else ""
    return f"{after}, and repair.restarts allows no stop and start"


def _why_restart(case: Case, cause: Cause) -> str:
    if case.count(Action.START):
        return f"{CAUSE_WORDS[cause]} again: once more"
    if case.count(Action.REBOOT):
        return f"{CAUSE_WORDS[cause]} after a reboot: a stop and start moves it to another host"
    return f"{CAUSE_WORDS[cause]}: only a stop and start moves it to another host"
