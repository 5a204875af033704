"""Whether a look at a case has found anything new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from functools import cache

from defib.core.case import Case
from defib.core.effect import Effect, Wake
from defib.core.frozen import comparer, replace
from defib.core.model import Cause, InstanceState, Signal, Source

READ_AGAIN = timedelta(seconds=2)
"""When EC2 is read again if its event says more than its reads do: these lag by seconds (EC2 API Reference, eventual
consistency)."""


OUT_OF_DATE_AFTER = timedelta(hours=1)
"""How old a sweep's word, or a wake-up, may be when it is looked into: since then there were sixty other sweeps."""


def is_out_of_date(signal: Signal, now: datetime) -> bool:
    """Whether it tells of a world that is gone: the table and the next sweep know what is still due.

    Where ``diagnose`` was dead for a day there are thousands, and who fails now would wait for a look at each.
    """
    return signal.source in (Source.SWEEP, Source.WAKE) and now - signal.at > OUT_OF_DATE_AFTER


def differ_in_look_only(before: Case, after: Case) -> bool:
    """Whether a look has found nothing new: the two say the same, but for when to look again and their versions."""
    return before is after or _all_but_look()(before, after)


@cache
def _all_but_look() -> Callable[[Case, Case], bool]:
    return comparer(Case, [f.name for f in fields(Case) if f.name not in ("look_again_at", "version")])


def read_again(signal: Signal, case: Case, effects: Sequence[Effect], now: datetime) -> tuple[Case, Sequence[Effect]]:
    """The case with a look soon, where EC2's event calls it stopped and its reads still call it stopping.

    The event says only when to look, never what to believe.
    """
    soon, planned = now + READ_AGAIN, case.look_again_at
    if (
        signal.state is not InstanceState.STOPPED
        or case.cause is not Cause.STOPPING
        or planned is None
        or planned <= soon
    ):
        return case, effects
    others = tuple(effect for effect in effects if not isinstance(effect, Wake))
    return replace(case, look_again_at=soon), (*others, Wake(case.instance_id, soon))
