"""Is AWS itself at it: work that it has announced and that is going on now."""

from __future__ import annotations

from datetime import timedelta

from defib.core.case import Action
from defib.core.guards.question import TAKES_AWAY, Question, Refusal

WORK = frozenset({"instance-reboot", "system-reboot", "system-maintenance"})
"""Events with a window in which AWS works, and after which the instance runs again (EC2 User Guide, Scheduled events
for your instances). A retirement or stop is no such thing: a stop and start is what AWS advises for it."""

WORK_MOST = timedelta(hours=2)
"""How long work of which AWS gives no end is believed to go on."""


def aws_at_work(asked: Question) -> Refusal | None:
    """What AWS is rebooting or mending at this moment comes back by itself; a stop in the middle may find no host."""
    checks = asked.observation.checks
    if checks is None or asked.action not in TAKES_AWAY | {Action.FORCE_STOP}:
        return None
    for event in checks.events:
        until = event.not_after or event.not_before + WORK_MOST
        if event.code in WORK and event.not_before <= asked.now < until:
            words = f"AWS is at work on it ({event.code}, as announced) until {until:%d %B %H:%M} UTC"
            return Refusal("aws_at_work", f"{words}; wait for it, or ask AWS Support")
    return None
