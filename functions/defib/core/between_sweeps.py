"""A dead application waits for no sweep where it is healed: which target groups are asked in between, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from defib.core.case import Case
from defib.core.detection import MINUTE
from defib.core.model import NOT_FAILING, TargetGroupSignal
from defib.core.policy import Policy
from defib.core.rationing import AT_ONCE, rationed, spread
from defib.core.stack import Stack

REASON = "asked between two sweeps"


def asks(policy: Policy, now: datetime) -> list[TargetGroupSignal]:
    """What is to be asked, each ``at`` its time, after the sweep at ``now`` and before the next one.

    The sweep itself asks them all. Where there are many, they come one after the other. What is not asked by the time
    of the next sweep need not be asked any more.
    """
    times, every = policy.detection.asks, policy.detection.targets_every
    groups = policy.asked_groups if times else ()
    return [
        TargetGroupSignal(arn, now + time * every + spread(number), REASON, until=now + MINUTE)
        for time in range(1, times + 1)
        for number, arn in enumerate(groups)
    ]


def is_over(question: TargetGroupSignal, now: datetime) -> bool:
    """Whether a sweep has asked since, or does so at this moment."""
    return question.until is not None and now >= question.until


def leaves_to_sweep(stack: Stack) -> bool:
    """Whether so much fails that the sweeps share out the looks among all."""
    return bool(stack.impaired) or stack.crowd is not None


def in_turn(unhealthy: Sequence[str], now: datetime) -> list[str]:
    """Of the unhealthy targets of one group those that one question has looked at: of many, others in each minute."""
    return rationed(unhealthy, str, AT_ONCE, now)


def looks_by_itself(case: Case | None, now: datetime) -> bool:
    """Whether the instance's newest case looks at it soon, or knows already that something is wrong, and acts on that.

    One that only waits for what AWS has announced knows nothing of a failure.
    """
    if case is None or case.closed_at is not None:
        return False
    soon = case.look_again_at is not None and case.look_again_at <= now + MINUTE
    return soon or case.cause not in NOT_FAILING
