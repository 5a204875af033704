"""What works, but not for long: AWS has announced an event, and a stop and start in a maintenance window avoids it."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core import member, restart
from defib.core.case import Act, Action, Case, Close, Decision, Escalate, Wait
from defib.core.maintenance import Window, in_window, next_window, until_of
from defib.core.model import Cause, Checks, Event, Observation
from defib.core.policy import Policy, Service
from defib.core.verify import is_back, unrestored, verify
from defib.core.words import day

EVENTS = frozenset({"instance-retirement", "instance-stop", "instance-reboot", "system-reboot", "system-maintenance"})
"""Event codes (EC2 API, InstanceStatusEvent). For each of them AWS offers a stop and start, which moves an EBS-backed
instance to another host, as the way to choose the time oneself (EC2 User Guide, Scheduled events for your instances).
"""

LOOK = timedelta(hours=1)
"""How often a case that waits for days looks again; AWS may move an event, or call it off."""

REMIND = timedelta(days=1)
"""How long before an event that nothing avoids people are reminded of it."""

BOUND = "bound to its Dedicated Host"
"""How the evidence begins that it has affinity with a Dedicated Host, to which a stop and start brings it back."""

UNSTOPPABLE = "not to be stopped:"
"""How the evidence begins that it can only be replaced, and why."""

REFRESHED_WITHIN = timedelta(hours=1)
"""How long EC2 may go on saying what it had announced of an instance that has left the host: the status description may
take that long to refresh (EC2 User Guide, Manage Amazon EC2 instances scheduled for maintenance)."""

PLANNED = "planned:"
"""How the names begin under which a case remembers the guards that held what works."""

_POWER = (Action.REBOOT, Action.STOP, Action.FORCE_STOP, Action.START, Action.REPLACE)


def announced(checks: Checks, launched_at: datetime, case: Case | None, now: datetime) -> Event | None:
    """The next event that makes a working instance a case, or None.

    One that has begun opens no case: it is over soon, or the instance fails and is healed. Nor does any in the middle
    of a repair: that one comes first. Nor any within the hour after a start: it may be about the host before.
    """
    confirmed = case.confirmed_cause if case is not None else None
    if confirmed not in (None, Cause.EVENT_SCHEDULED):
        return None
    told = confirmed is Cause.EVENT_SCHEDULED
    if not told and now < launched_at + REFRESHED_WITHIN:
        return None
    coming = (e for e in checks.events if e.code in EVENTS and (told or e.not_before > now))
    # Of two at one time always the same, in whatever order EC2 lists them: each change would be told.
    return min(coming, key=lambda event: (event.not_before, event.code), default=None)


def in_its_way(observation: Observation) -> tuple[str, ...]:
    """Why a stop and start of it would avoid nothing, as the evidence by which its case knows; its group replaces it.

    AWS terminates what has its root on an instance store (AWSEC2 UserGuide, Scheduled events for your instances).
    """
    host, alone = observation.traits.dedicated_host, not observation.group
    if alone and observation.root_device == "instance-store":
        return (f"{UNSTOPPABLE} its root volume is an instance store",)
    if alone and observation.lifecycle == "spot":
        return (f"{UNSTOPPABLE} it is a spot instance",)
    return (f"{BOUND} {host}",) if host else ()


def at_rest(case: Case) -> bool:
    """Whether nothing has been taken from the instance, or all of it was put back: it serves as if nobody waited."""
    under_way = case.intent is not None and case.intent.action is not Action.EVIDENCE
    return not under_way and case.drained is None and member.in_standby(case) is None and case.last(*_POWER) is None


def gives_way(case: Case) -> bool:
    """Whether a failure of the instance is another matter than this case, which only waits.

    For an event, or, once it serves again, for AWS's list of events to follow.
    """
    return case.confirmed_cause is Cause.EVENT_SCHEDULED and (at_rest(case) or is_back(case))


def is_put_off(case: Case, policy: Policy, service: Service, now: datetime) -> bool:
    """Whether a restart that had begun waits for another window: the instance serves as if it had not begun."""
    waits = case.confirmed_cause is Cause.EVENT_SCHEDULED and case.begun and case.handed_over_at is None
    if not waits or case.closed_at is not None or case.held_by or case.healthy_since is None or not at_rest(case):
        return False
    return not service.planned_restart or in_window(policy, service, now) is None


def told_as(guard: str, cause: Cause) -> str:
    """Under what name a case remembers that people were told of a guard: one that holds what works is another matter.

    A planned restart may go wrong half-way, and the same guard hold it then.
    """
    return f"{PLANNED}{guard}" if cause is Cause.EVENT_SCHEDULED else guard


def permitted(case: Case, observation: Observation, policy: Policy, service: Service, now: datetime) -> bool:
    """Whether what works may be restarted: its operators said so, and a maintenance window of theirs is on.

    What was begun within a window is finished after it. A person who keeps the instance in maintenance by its tag is
    at work on it.
    """
    until = until_of(observation.tags)
    if not service.planned_restart or (until is not None and until > now):
        return False
    return in_window(policy, service, now) is not None or not at_rest(case)


def window_before(event: Event, policy: Policy, service: Service, now: datetime) -> Window | None:
    """The window in which Defib restarts it, if nothing forbids it then; None where it never does."""
    if not service.planned_restart:
        return None
    window = in_window(policy, service, now) or next_window(policy, service, now)
    return window if window is not None and window.start < event.not_before else None


def restart_it(
    case: Case, observation: Observation, event: Event, policy: Policy, service: Service, now: datetime
) -> Decision:
    """The next rung of a planned restart, or what it waits for."""
    if case.last(Action.START) is not None:
        return _moved(case, observation, event, policy, service, now)
    if not permitted(case, observation, policy, service, now):
        return given_back(case, observation, policy, service, now) or _await_window(event, policy, service, now)
    waits = restart.trial(case, observation, Cause.EVENT_SCHEDULED, policy, service, now)
    if waits is not None:
        return waits
    act_timeout, why = policy.repair.act_timeout, _why(event)
    if not any(a.action is Action.EVIDENCE for a in case.attempts):
        # Should it not come back, this shows how it was when it worked.
        return Act(Action.EVIDENCE, f"{why}: evidence first", now + policy.repair.evidence_timeout)
    return (
        member.before_stop(case, observation, Cause.EVENT_SCHEDULED, policy, service, now)
        or restart.drain(case, observation, Cause.EVENT_SCHEDULED, policy, now)
        or Act(Action.STOP, f"{why}: a stop and start moves it to another host first", now + act_timeout)
    )


def given_back(
    case: Case, observation: Observation, policy: Policy, service: Service, now: datetime
) -> Decision | None:
    """Put back what was taken from an instance that works after all; None where nothing is missing."""
    if at_rest(case) and not unrestored(case, observation):
        return None
    decision = verify(case, observation, policy.repair, service, now)
    return None if isinstance(decision, Close) else decision


def _moved(
    case: Case, observation: Observation, event: Event, policy: Policy, service: Service, now: datetime
) -> Decision:
    """Stopped and started, and back in service; but the event is still announced."""
    back = verify(case, observation, policy.repair, service, now)
    if not isinstance(back, Close):
        return back
    started = case.last(Action.START)
    limit = max(observation.launched_at, (started.done_at if started is not None else None) or now)
    limit += max(service.verify.timeout, REFRESHED_WITHIN)
    if now < limit:
        again = min(limit, now + policy.repair.hold * 5)
        return Wait("it runs again; EC2 may still say for a while what it had announced", again, idle=True)
    ask = f"Ask AWS Support whether {case.instance_id} has left the host that the {event.code} is about."
    reason = f"it was stopped and started, but AWS still announces the {event.code} of {day(event.not_before)}"
    return Escalate(reason, ask, now + LOOK)


def _await_window(event: Event, policy: Policy, service: Service, now: datetime) -> Wait:
    window = window_before(event, policy, service, now)
    times = (event.not_before, *((window.start, window.end) if window else ()))
    looks = [now + LOOK, *(at for at in times if at > now)]
    if now >= event.not_before:
        return Wait(f"{_why(event)}, and its time has come", min(looks))
    if window is None:
        return Wait(f"{_why(event)}; no restart is planned before it", min(looks))
    return Wait(f"{_why(event)}; a restart is planned from {day(window.start)}", min(looks))


def _why(event: Event) -> str:
    return f"AWS has announced {event.code} from {day(event.not_before)}"
