"""Whether load balancers can be asked as often as the operator wants."""

from __future__ import annotations

from datetime import timedelta

from defib.core.detection import ASKS_MAX, MINUTE
from defib.core.duration import format_duration
from defib.core.mistake import Mistakes, Path
from defib.core.policy import Policy

AT: Path = ("detection", "targets_every")


def check_asks(policy: Policy, mistakes: Mistakes) -> None:
    every, groups = policy.detection.targets_every, len(policy.asked_groups)
    if every >= MINUTE or mistakes.spoil(AT, ("services",)):
        return
    if not groups:
        must = (
            'asks nobody: no service with application_down = "reboot" or "restart" names a target group under '
            "target_groups"
        )
        mistakes.add(AT, every, must, 'targets_every = "1m"')
    elif policy.asks_a_minute > ASKS_MAX:
        # So seldom that each has its share of the questions, and the sweep's own.
        least = format_duration(timedelta(seconds=-(-60 // (ASKS_MAX // groups + 1))))
        must = (
            f'must be at least "{least}": the {groups} target groups of services with application_down = "reboot" or '
            f'"restart" would be asked {policy.asks_a_minute} times a minute between the sweeps, at most {ASKS_MAX}'
        )
        mistakes.add(AT, every, must, f'targets_every = "{least}"')
