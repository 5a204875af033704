"""Whose turn it is to be looked at where so many fail at once that not all can be looked at every minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from zlib import crc32

from defib.core.model import Signal

MINUTE = timedelta(minutes=1)
"""Between two sweeps."""
FRESH = 100
"""So many instances without a planned look one sweep signals: each is worth several looks in its first minutes."""
RESTING = 50
"""So many whose case looks by itself, but later."""

AT_ONCE = 15
"""So many signals may come at one moment: diagnose is done with them in two seconds."""
A_SECOND = 3
"""So many of the rest: less than half of what diagnose does, so that what is under repair waits for none of them."""

T = TypeVar("T")


def in_turn(suspects: Sequence[Signal], looks: Mapping[str, datetime], now: datetime) -> list[Signal]:
    """Those of ``suspects`` to be signalled now, given when each one's open case is looked at next anyway.

    None whose look comes before the next sweep; of those without one FRESH, and RESTING of those that rest for longer:
    what a zone or AWS held may go on, or something else may have failed.
    """
    fresh = [s for s in suspects if s.instance_id not in looks]
    resting = [s for s in suspects if s.instance_id in looks and looks[s.instance_id] > now + MINUTE]
    return [*rationed(fresh, _id, FRESH, now), *rationed(resting, _id, RESTING, now)]


def rationed(found: Sequence[T], name: Callable[[T], str], ration: int, now: datetime) -> list[T]:
    """About ``ration`` of ``found``, others in each minute, so that each has its turn; all if they are no more."""
    turns = max(1, -(-len(found) // ration))
    minute = int(now.timestamp() // MINUTE.total_seconds())
    return [one for one in found if (crc32(name(one).encode()) + minute) % turns == 0]


def spread(number: int) -> timedelta:
    """How long after the first the signal of that ``number``, from 0 on, is to come."""
    return timedelta(seconds=max(0, number - AT_ONCE + A_SECOND) // A_SECOND)


def _id(signal: Signal) -> str:
    return signal.instance_id
