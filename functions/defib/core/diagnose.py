"""From what AWS says of an instance to a named cause, since when, on what evidence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import assert_never

from defib.core.boot import is_arriving, may_boot_still, with_time_to_boot, with_time_to_stop
from defib.core.case import STOPS, Action, Case
from defib.core.model import (
    FAILING,
    Cause,
    Check,
    Checks,
    CheckStatus,
    Diagnosis,
    InstanceState,
    Observation,
)
from defib.core.planned import announced, gives_way, in_its_way
from defib.core.policy import Policy
from defib.core.suppression import seen
from defib.core.target_group import is_balancers_fault
from defib.core.whose_stop import initiated_at, stopped_by_defib, stopped_by_person
from defib.core.words import clock, day

IMPAIRED_FROM_LAUNCH = timedelta(seconds=60)
"""An instance impaired this soon after its launch never worked. EC2 dates the impairment of one that came up
impaired to its launch (AWSEC2 API, InstanceStatusDetails, ImpairedSince)."""

SYSTEM_CHECK, INSTANCE_CHECK = "system status check", "instance status check"
STATUS_CHECKS: tuple[tuple[Cause, str, Callable[[Checks], Check]], ...] = (
    (Cause.SYSTEM_IMPAIRED, SYSTEM_CHECK, attrgetter("system")),
    (Cause.INSTANCE_IMPAIRED, INSTANCE_CHECK, attrgetter("instance")),
    (Cause.EBS_IMPAIRED, "attached EBS status check", attrgetter("attached_ebs")),
)
"""System first: a broken host fails the instance check too."""

BOOTS = "status checks initializing"
"""How the evidence of what is starting up begins; by this a case knows that the last look saw the same."""


def diagnose(observation: Observation, case: Case | None, policy: Policy, now: datetime) -> Diagnosis:
    """Name what is the matter. ``case`` is what Defib has done so far: its own stop is not taken for another's."""
    policy = with_time_to_boot(policy, observation.instance_type)
    policy = with_time_to_stop(policy, observation.lifecycle)
    match observation.state:
        case InstanceState.RUNNING:
            return _running(observation, case, policy, now)
        case InstanceState.TERMINATED | InstanceState.SHUTTING_DOWN:
            return _found(Cause.TERMINATED, case, now, f"state {observation.state.value}")
        case InstanceState.PENDING:
            return _pending(observation, case, policy, now)
        case InstanceState.STOPPING:
            return _stopping(observation, case, policy, now)
        case InstanceState.STOPPED:
            return _stopped(observation, case, policy, now)
    assert_never(observation.state)


def _found(cause: Cause, case: Case | None, now: datetime, *evidence: str, since: datetime | None = None) -> Diagnosis:
    """The diagnosis; unless AWS says since when, it began when the case first saw it."""
    return Diagnosis(cause, since or _first_seen(cause, case, now), evidence)


def _first_seen(cause: Cause, case: Case | None, now: datetime) -> datetime:
    return case.since if case is not None and case.cause is cause else now


def _pending(observation: Observation, case: Case | None, policy: Policy, now: datetime) -> Diagnosis:
    launched = observation.launched_at
    if now - launched > policy.repair.start_timeout:
        return _found(Cause.STUCK_PENDING, case, now, f"pending since {clock(launched)}", since=launched)
    return _found(Cause.INITIALIZING, case, now, "state pending", since=launched)


def _stopping(observation: Observation, case: Case | None, policy: Policy, now: datetime) -> Diagnosis:
    ours = stopped_by_defib(observation, case, policy, now)
    stop = case.last(*STOPS) if case is not None and ours else None
    if stop is None and stopped_by_person(observation):
        return _by_person(observation, case, now)
    if case is not None and case.cause in (Cause.STOPPING, Cause.STUCK_STOPPING):
        since = case.since
    else:
        since = stop.done_at if stop is not None and stop.done_at else now
    if now - since >= policy.repair.stop_timeout:
        return Diagnosis(Cause.STUCK_STOPPING, since, (f"stopping since {clock(since)}",))
    return Diagnosis(Cause.STOPPING, since, ("state stopping",))


def _stopped(observation: Observation, case: Case | None, policy: Policy, now: datetime) -> Diagnosis:
    said = observation.state_reason or observation.state_reason_code or "no reason given"
    evidence = f"state stopped: {said}"
    if stopped_by_defib(observation, case, policy, now):
        return _found(Cause.STOPPED_BY_DEFIB, case, now, evidence)
    if stopped_by_person(observation):
        return _by_person(observation, case, now)
    return _found(Cause.STOPPED_UNASKED, case, now, evidence)


def _by_person(observation: Observation, case: Case | None, now: datetime) -> Diagnosis:
    said = observation.state_reason or observation.transition_reason or observation.state_reason_code
    return _found(
        Cause.STOPPED_BY_PERSON, case, now, f"state {observation.state.value}: {said}", since=initiated_at(observation)
    )


def _running(observation: Observation, case: Case | None, policy: Policy, now: datetime) -> Diagnosis:
    checks = observation.checks
    if checks is None:
        return _found(Cause.UNKNOWN, case, now, "running, but EC2 reports no status checks")
    impaired = _impaired(observation, checks, case, policy, now)
    if impaired is not None:
        return impaired
    summary = (checks.system.status, checks.instance.status)
    if CheckStatus.INITIALIZING in summary:
        return _initializing(observation, case, policy, now)
    if CheckStatus.INSUFFICIENT_DATA in summary:
        return _found(Cause.UNKNOWN, case, now, "status checks report insufficient data")
    return _application(observation, checks, case, policy, now)


def _impaired(
    observation: Observation, checks: Checks, case: Case | None, policy: Policy, now: datetime
) -> Diagnosis | None:
    """The first failing check."""
    for cause, words, check_of in STATUS_CHECKS:
        check = check_of(checks)
        if check.status is not CheckStatus.IMPAIRED:
            continue
        since = check.impaired_since or _first_seen(cause, case, observation.observed_at)
        never_worked = cause is not Cause.EBS_IMPAIRED and _never_worked(observation, since, case)
        if case is not None and cause is Cause.INSTANCE_IMPAIRED and host_mended(case, check.impaired_since):
            since = max(since, observation.observed_at if _host_failed(case) else case.since)
        evidence = f"{words} impaired since {clock(since)}"
        if never_worked:
            found = (evidence, f"launched {clock(observation.launched_at)}")
            if may_boot_still(observation, policy, now):
                return Diagnosis(Cause.INITIALIZING, since, found)
            # What was stopped and started by somebody has worked before: there is something on it to keep.
            if not observation.traits.started_again:
                return Diagnosis(Cause.DEAD_ON_ARRIVAL, since, found)
        return Diagnosis(cause, since, (evidence,))
    return None


def _never_worked(observation: Observation, since: datetime, case: Case | None) -> bool:
    if case is not None and case.last(Action.START) is not None:
        return False
    return since - observation.launched_at <= IMPAIRED_FROM_LAUNCH


def _initializing(observation: Observation, case: Case | None, policy: Policy, now: datetime) -> Diagnosis:
    launched, given = observation.launched_at, policy.repair.arrival_timeout
    if case is not None and case.last(Action.START, Action.REBOOT) is not None and not gives_way(case):
        return _found(Cause.INITIALIZING, case, now, BOOTS)
    since = case.since if case is not None and case.evidence[:1] and case.evidence[0].startswith(BOOTS) else now
    arriving = is_arriving(launched, since, policy)
    if arriving and now - launched > given:
        if observation.traits.started_again:
            return Diagnosis(Cause.INSTANCE_IMPAIRED, launched, (f"{BOOTS} since it was started at {clock(launched)}",))
        return Diagnosis(Cause.DEAD_ON_ARRIVAL, launched, (f"{BOOTS} since the launch at {clock(launched)}",))
    if not arriving and now - since > given:
        evidence = f"{BOOTS} since {clock(since)}, and launched long before, on {day(launched)}"
        return Diagnosis(Cause.INSTANCE_IMPAIRED, since, (evidence,))
    return Diagnosis(Cause.INITIALIZING, since, (BOOTS,))


def _application(
    observation: Observation, checks: Checks, case: Case | None, policy: Policy, now: datetime
) -> Diagnosis:
    application = seen(checks, case)
    if application.status is CheckStatus.IMPAIRED:
        evidence = "application status check impaired"
        since = None if failed_before(case) else application.impaired_since
        return _found(Cause.APPLICATION_DOWN, case, now, evidence, since=since)
    # In whose target group somebody else has put it says nothing about what it is for.
    failing = (t for t in observation.targets if t.manageable and t.health in FAILING)
    unhealthy = [t for t in failing if not is_balancers_fault(t.reason)]
    if unhealthy:
        where = [f"unhealthy in target group {t.registration.target_group_name}" for t in unhealthy]
        if _sets_up(observation, case, policy, now):
            return _found(Cause.INITIALIZING, case, now, *where)
        return _found(Cause.APPLICATION_DOWN, case, now, *where)
    event = announced(checks, observation.launched_at, case, now)
    if event is not None:
        evidence = f"status checks pass, and AWS has announced {event.code} from {day(event.not_before)}"
        return _found(Cause.EVENT_SCHEDULED, case, now, evidence, *in_its_way(observation))
    return _found(Cause.HEALTHY, case, now, "status checks pass")


def failed_before(case: Case | None) -> bool:
    """Whether EC2's own checks failed before its application alone does, and somebody else has mended that.

    Its application has had no time to follow: by itself it fails only since they pass.
    """
    if case is None or case.acted:
        return False
    return case.confirmed_cause not in (None, Cause.APPLICATION_DOWN, Cause.EVENT_SCHEDULED)


def host_mended(case: Case | None, failed: datetime | None) -> bool:
    """Whether its instance check, which ``failed`` at that time, is what is left of a host that works again.

    EC2's own recovery boots it, and until that is over its instance check fails from before (AWSEC2 UserGuide,
    Automatic instance recovery): by itself it fails only since its system check passes.
    """
    if case is None or _host_failed(case):
        return case is not None
    known = case.cause is Cause.INSTANCE_IMPAIRED or _boots(case, INSTANCE_CHECK)
    return known and failed is not None and case.since > failed


def _host_failed(case: Case) -> bool:
    """Whether its system check failed when it was last looked at."""
    return case.cause is Cause.SYSTEM_IMPAIRED or _boots(case, SYSTEM_CHECK)


def _boots(case: Case, fails: str) -> bool:
    """Whether that check failed when it was last looked at, as it may while it boots."""
    return case.cause is Cause.INITIALIZING and "".join(case.evidence[:1]).startswith(fails)


def _sets_up(observation: Observation, case: Case | None, policy: Policy, now: datetime) -> bool:
    """Whether its application may not be there yet: its checks pass long before its user data has run.

    What Defib itself has started is given as long by ``restart.trial``.
    """
    service = policy.service_of(observation.tags)
    if service is None or (case is not None and case.last(Action.START, Action.REBOOT) is not None):
        return False
    return now < observation.launched_at + service.verify.timeout
