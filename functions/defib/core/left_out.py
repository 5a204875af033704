"""Where Defib has taken an instance out of its target groups and has not put it back, and what is said of that."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.case import STOPS, Action, Case, Outcome
from defib.core.model import NOT_FAILING, Registration

WITHIN = timedelta(days=1)
"""What still failed when its case closed has its next one within minutes, or when Defib itself is back. Where people
have had an instance for longer than this, it is where they want it."""

LEAVES = frozenset({Outcome.HANDED_OVER, Outcome.LEFT_ALONE})
"""How a case closes that has not seen the instance back in its target groups."""


def left_out(case: Case) -> tuple[Registration, ...]:
    """Where load balancers would send it traffic if Defib had put it back."""
    by_another = case.drained_before and case.last(Action.RESTORE) is None
    return case.registrations if case.drained is not None or by_another else ()


def served_till_drained(case: Case) -> bool:
    """Whether it served when Defib drained it, and its power has not been touched since: back there it may serve on."""
    drained, power = case.last(Action.DRAIN), case.last(Action.REBOOT, *STOPS, Action.START)
    return drained is not None and case.drained_serving and (power is None or power.number < drained.number)


def owed(earlier: Case | None, now: datetime) -> tuple[Registration, ...]:
    """Where the instance's next case has to put it back, for ``earlier`` closed without."""
    if earlier is None or earlier.closed_at is None or earlier.outcome not in LEAVES:
        return ()
    return left_out(earlier) if now - earlier.closed_at < WITHIN else ()


NOTE = " (It "
"""How what is put after a sentence begins: it is made anew each time, and cut off before that."""


def left_to_people(text: str, case: Case) -> str:
    """``text``, and what people must put back, for nobody else does."""
    groups = _names(left_out(case))
    return f"{text}. It is deregistered from {groups}: register it when it is to serve again" if groups else text


def with_drained(text: str, case: Case) -> str:
    """``text``, and what Defib puts back when it works; nothing where people are asked for that already."""
    groups = _names(left_out(case))
    # Where it fails they are asked for something else.
    tried = bool(case.attempts) and case.attempts[-1].action is Action.RESTORE
    asked_already = tried and case.cause in NOT_FAILING
    if not groups or asked_already:
        return text
    return f"{text}{NOTE}is deregistered from {groups}; Defib registers it again when it works.)"


def _names(places: tuple[Registration, ...]) -> str:
    return ", ".join(sorted({place.target_group_name for place in places}))
