"""Is AWS itself at it: work that it has announced and that is going on now, or an issue of its own."""

from __future__ import annotations

from datetime import timedelta

from defib.core.case import Action
from defib.core.guards.question import CUTS_POWER, TAKES_AWAY, Question, Refusal, is_permitted
from defib.core.issue import AWS_ISSUE
from defib.core.model import Cause

WORK = frozenset({"instance-reboot", "system-reboot", "system-maintenance"})
"""Events with a window in which AWS works, and after which the instance runs again (EC2 User Guide, Scheduled events
for your instances). A retirement or stop is no such thing: a stop and start is what AWS advises for it."""

WORK_MOST = timedelta(hours=2)
"""How long work of which AWS gives no end is believed to go on."""


def aws_at_work(asked: Question) -> Refusal | None:
    """What AWS is rebooting or mending at this moment comes back by itself; a stop in the middle may find no host."""
    checks = asked.observation.checks
    if checks is None or asked.action not in TAKES_AWAY | CUTS_POWER:
        return None
    for event in checks.events:
        until = event.not_after or event.not_before + WORK_MOST
        if event.code in WORK and event.not_before <= asked.now < until:
            words = f"AWS is at work on it ({event.code}, as announced) until {until:%d %B %H:%M} UTC"
            return Refusal("aws_at_work", f"{words}; wait for it, or ask AWS Support")
    return None


def planned_restart(asked: Question) -> Refusal | None:
    """What works is stopped only where its operators said so, and only in a maintenance window of theirs."""
    works = asked.case.cause is Cause.EVENT_SCHEDULED
    if not works or asked.action not in TAKES_AWAY | CUTS_POWER or is_permitted(asked):
        return None
    name = asked.service.name
    if not asked.service.planned_restart:
        said = f"it works, and planned_restart is off for service {name}; set it to true, or restart it yourself"
    else:
        said = f"it works, and service {name} is in no maintenance window now; wait for one, or restart it yourself"
    return Refusal("planned_restart", said)


def aws_issue(asked: Question) -> Refusal | None:
    """While EC2 itself has an issue, nothing is taken away that may not come back; what is stopped is still started.

    Nor is evidence taken of a crowd that one incident speaks for; it keeps until the restart that would destroy it.
    """
    zone, cause = asked.observation.zone, asked.case.cause
    issue = asked.observation.stack.issues.about(zone, asked.policy.limits, asked.now)
    waits = asked.action is Action.EVIDENCE and not asked.case.acted and cause is not Cause.STOPPED_UNASKED
    if issue is None or not (waits or asked.action in TAKES_AWAY | CUTS_POWER):
        return None
    return Refusal(
        AWS_ISSUE,
        f"AWS has an open EC2 issue{issue.where} ({issue.code}); Defib goes on when AWS Health says that it is over. "
        "If you know better, restart it yourself",
    )
