"""The words for people: one place, so that a reason, an e-mail and an SMS say the same."""

from __future__ import annotations

import re
from datetime import datetime
from typing import assert_never

from defib.core.boot import with_time_to_boot
from defib.core.case import Action, Case
from defib.core.duration import format_duration
from defib.core.membership import GroupMember
from defib.core.model import Cause, Verdict
from defib.core.policy import ApplicationRemedy, Policy, Service

SUBJECT_MAX = 99
"""Characters of an SNS e-mail subject: fewer than 100 (SNS API, Publish, Subject)."""
SMS_MAX = 140
"""Characters of one SMS (SNS Developer Guide, Publishing to a mobile phone: 140 bytes a message part)."""
NAME_MAX = 40
"""Characters of an instance's name in a subject or an SMS."""

CAUSE_WORDS = {
    Cause.HEALTHY: "it works",
    Cause.INITIALIZING: "it is starting up",
    Cause.SYSTEM_IMPAIRED: "its system status check fails",
    Cause.INSTANCE_IMPAIRED: "its instance status check fails",
    Cause.EBS_IMPAIRED: "its attached EBS status check fails",
    Cause.APPLICATION_DOWN: "its application is down while its status checks pass",
    Cause.DEAD_ON_ARRIVAL: "it was dead on arrival",
    Cause.STOPPED_UNASKED: "it stopped though nobody asked",
    Cause.STOPPED_BY_PERSON: "a person stopped it",
    Cause.STOPPED_BY_DEFIB: "Defib stopped it to start it again",
    Cause.STOPPING: "it is stopping",
    Cause.STUCK_PENDING: "it is stuck pending",
    Cause.STUCK_STOPPING: "it is stuck stopping",
    Cause.TERMINATED: "it has been terminated",
    Cause.EVENT_SCHEDULED: "AWS has announced work on it",
    Cause.UNKNOWN: "EC2 does not say whether it works",
}

CAUSE_SHORT = {
    Cause.HEALTHY: "works",
    Cause.INITIALIZING: "is starting",
    Cause.SYSTEM_IMPAIRED: "fails its system check",
    Cause.INSTANCE_IMPAIRED: "fails its instance check",
    Cause.EBS_IMPAIRED: "fails its EBS check",
    Cause.APPLICATION_DOWN: "has its application down",
    Cause.DEAD_ON_ARRIVAL: "is dead on arrival",
    Cause.STOPPED_UNASKED: "stopped unasked",
    Cause.STOPPED_BY_PERSON: "was stopped by a person",
    Cause.STOPPED_BY_DEFIB: "was stopped by Defib",
    Cause.STOPPING: "is stopping",
    Cause.STUCK_PENDING: "is stuck pending",
    Cause.STUCK_STOPPING: "is stuck stopping",
    Cause.TERMINATED: "was terminated",
    Cause.EVENT_SCHEDULED: "has work by AWS ahead",
    Cause.UNKNOWN: "is in an unknown state",
}

ACTION_WORDS = {
    Action.EVIDENCE: "captured evidence of it",
    Action.REBOOT: "rebooted it",
    Action.DRAIN: "taken it from its load balancer, then stopped and started it",
    Action.STOP: "stopped it and started it on another host",
    Action.FORCE_STOP: "forced its stop",
    Action.START: "started it",
    Action.RESTORE: "put it back behind its load balancer",
    Action.SKIP_OS_SHUTDOWN: "stopped it without letting its system shut down",
    Action.RESIZE: "changed its instance type and started it",
    Action.ENTER_STANDBY: "put it in Standby in its Auto Scaling group, then stopped and started it",
    Action.EXIT_STANDBY: "returned it to service in its Auto Scaling group",
    Action.REPLACE: "had its Auto Scaling group replace it",
    Action.SUPPRESS_CHECK: "suppressed its application status check",
    Action.RESUME_CHECK: "let its application status check count again",
}
"""What Defib would have done."""


ASKS_YOU = "Asking you."
"""The plan where Defib may do nothing itself, or can't."""


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def plain(text: str, limit: int) -> str:
    """One line of printable ASCII, at most ``limit`` characters: what a subject and an SMS can carry."""
    line = " ".join(text.split())
    ascii_only = line if line.isascii() and line.isprintable() else re.sub("[^ -~]", "?", line)
    return ascii_only if len(ascii_only) <= limit else ascii_only[: limit - 3].rstrip() + "..."


def name_of(case: Case) -> str:
    """The instance as people know it, with its id when that is not its name."""
    return case.name if case.name == case.instance_id else f"{case.name} ({case.instance_id})"


def clock(at: datetime) -> str:
    """A time of day, with its zone."""
    # strftime takes ten times as long, here and below, and every look says since when something fails.
    return f"{at.time().isoformat('seconds')} UTC"


def minute(at: datetime) -> str:
    """A time of day to the minute, with its zone."""
    return f"{at.time().isoformat('minutes')} UTC"


def dated_clock(at: datetime, known: datetime) -> str:
    """A time of day, with its zone; with its day, too, where that is another than ``known``'s, which the reader has."""
    return clock(at) if at.date() == known.date() else f"{at.day:02} {MONTHS[at.month - 1]} {clock(at)}"


def dated_minute(at: datetime, known: datetime) -> str:
    """The same to the minute."""
    return minute(at) if at.date() == known.date() else day(at)


def at_clock(at: datetime, known: datetime) -> str:
    """At what time of day, or on which day."""
    return f"{'at' if at.date() == known.date() else 'on'} {dated_clock(at, known)}"


def at_minute(at: datetime, known: datetime) -> str:
    """The same to the minute."""
    return f"{'at' if at.date() == known.date() else 'on'} {dated_minute(at, known)}"


def day(at: datetime) -> str:
    """A time that may be days away."""
    return f"{at.day:02} {MONTHS[at.month - 1]} {minute(at)}"


def date_of(at: datetime) -> str:
    """Its day, month and year."""
    return f"{at.day:02} {MONTHS[at.month - 1]} {at.year}"


def began(case: Case) -> datetime:
    """When the trouble began: AWS's date of the failure, where it gives one."""
    return case.failing_since or case.since


def plan(case: Case, service: Service, policy: Policy) -> str:
    """What Defib does next about a confirmed case."""
    match case.cause:
        case Cause.INSTANCE_IMPAIRED:
            if not policy.repair.reboots:
                return f"Defib {_restart(case, service, policy)}."
            trial = format_duration(with_time_to_boot(policy, case.instance_type).repair.reboot_trial)
            return f"Defib reboots it; if that has not helped after {trial}, it {_restart(case, service, policy)}."
        case Cause.APPLICATION_DOWN:
            return _application_plan(case, service, policy)
        case Cause.SYSTEM_IMPAIRED | Cause.EBS_IMPAIRED | Cause.DEAD_ON_ARRIVAL | Cause.EVENT_SCHEDULED:
            return f"Defib {_restart(case, service, policy)}."
        case Cause.STOPPED_UNASKED | Cause.STOPPED_BY_DEFIB:
            return "Defib starts it."
        case Cause.STUCK_STOPPING:
            return "Defib forces its stop and then starts it."
        case Cause.STUCK_PENDING | Cause.UNKNOWN:
            return "Defib hands it over to people."
        case Cause.HEALTHY | Cause.INITIALIZING | Cause.STOPPING | Cause.STOPPED_BY_PERSON | Cause.TERMINATED:
            return "Defib watches it."
    assert_never(case.cause)


def _restart(case: Case, service: Service, policy: Policy) -> str:
    """What Defib does where only another host helps."""
    if not policy.repair.restarts and not (case.group and service.group_member is GroupMember.LEAVE):
        return "hands it over to people: repair.restarts allows no stop and start"
    if not case.group:
        return "stops and starts it on another host"
    if service.group_member is GroupMember.LEAVE:
        return f"leaves it to its Auto Scaling group {case.group}"
    if _is_replaced(case, service):
        return f"has its Auto Scaling group {case.group} replace it"
    return "stops and starts it on another host, in Standby meanwhile"


def _is_replaced(case: Case, service: Service) -> bool:
    dead = case.cause is Cause.DEAD_ON_ARRIVAL and service.group_member is GroupMember.STANDBY
    return bool(case.group) and (dead or service.group_member is GroupMember.REPLACE)


def _application_plan(case: Case, service: Service, policy: Policy) -> str:
    match service.application_down:
        case ApplicationRemedy.TELL:
            return "Defib hands it over to people: a restart would be a guess."
        case ApplicationRemedy.REBOOT if not policy.repair.reboots:
            return "Defib hands it over to people: repair.reboots allows no reboot."
        case ApplicationRemedy.REBOOT:
            return "Defib reboots it once."
        case ApplicationRemedy.RESTART:
            restart = "stops and starts it" if policy.repair.restarts else _restart(case, service, policy)
            return (
                f"Defib reboots it; if that does not help, it {restart}."
                if policy.repair.reboots
                else f"Defib {restart}."
            )
    assert_never(service.application_down)


def brief_plan(case: Case, service: Service, policy: Policy) -> str:
    """The plan in the few words that an SMS has room for."""
    match case.cause:
        case Cause.INSTANCE_IMPAIRED if policy.repair.reboots:
            return "Rebooting it."
        case Cause.APPLICATION_DOWN:
            return _brief_application_plan(service, policy)
        case (
            Cause.INSTANCE_IMPAIRED
            | Cause.SYSTEM_IMPAIRED
            | Cause.EBS_IMPAIRED
            | Cause.DEAD_ON_ARRIVAL
            | Cause.EVENT_SCHEDULED
        ):
            if case.group and service.group_member is GroupMember.LEAVE:
                return "Leaving it to its group."
            if not policy.repair.restarts:
                return ASKS_YOU
            return "Having it replaced." if _is_replaced(case, service) else "Moving it to another host."
        case Cause.STOPPED_UNASKED | Cause.STOPPED_BY_DEFIB:
            return "Starting it."
        case Cause.STUCK_STOPPING:
            return "Forcing its stop."
        case Cause.STUCK_PENDING | Cause.UNKNOWN:
            return ASKS_YOU
        case Cause.HEALTHY | Cause.INITIALIZING | Cause.STOPPING | Cause.STOPPED_BY_PERSON | Cause.TERMINATED:
            return "Watching it."
    assert_never(case.cause)


def _brief_application_plan(service: Service, policy: Policy) -> str:
    if service.application_down is not ApplicationRemedy.TELL and policy.repair.reboots:
        return "Rebooting it."
    restarts = service.application_down is ApplicationRemedy.RESTART and policy.repair.restarts
    return "Restarting it." if restarts else ASKS_YOU


def evidence_of(case: Case) -> str:
    """Where the newest evidence is, or why there is none: what was taken before is of another failure."""
    taken = (a for a in reversed(case.attempts) if a.action is Action.EVIDENCE and a.result is not None)
    attempt = next(taken, None)
    if attempt is None or attempt.result is None:
        return ""
    if attempt.result.verdict is Verdict.DONE:
        return f"{attempt.result.detail}{_in_the_console(attempt.result.detail)}"
    return f"not captured ({attempt.result.detail or attempt.result.verdict.value})"


def _in_the_console(detail: str) -> str:
    """A line with the address at which the AWS console shows what ``detail`` begins with; empty for no S3 address."""
    found = re.match(r"s3://([a-z0-9.-]+)/([^ ,;]*)", detail)
    if found is None:
        return ""
    return f"\n{'':<18}https://console.aws.amazon.com/s3/buckets/{found[1]}?prefix={found[2]}"
