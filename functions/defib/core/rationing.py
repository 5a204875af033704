"""Whose turn it is to be looked at where so many fail at once that not all can be looked at every minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

from defib.core.detection import MINUTE
from defib.core.frozen import dataclass
from defib.core.model import NOT_FAILING, Cause

if TYPE_CHECKING:
    from defib.core.suspect import Suspect

FRESH = 100
"""So many instances whose failure no case knows one sweep signals: each is worth several looks in its first minutes."""
RESTING = 50
"""So many whose case looks by itself, but later; and so many that fail as planned, or of which AWS has announced
something."""

AT_ONCE = 15
"""So many signals may come at one moment: diagnose is done with them in two seconds."""
A_SECOND = 3
"""So many of the rest: less than half of what diagnose does, so that what is under repair waits for none of them."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PlannedLook:
    """When an open case looks at its instance next, or should have, and what it knows to be wrong with it."""

    at: datetime
    cause: Cause

    def rests(self, now: datetime) -> bool:
        """Whether it comes only after the next sweep, and the case knows that the instance fails."""
        return self.at > now + MINUTE and self.cause not in NOT_FAILING

    def misses(self, now: datetime) -> bool:
        """Whether it comes only after the next sweep, and the case knows of no failure: none can wait for it."""
        return self.at > now + MINUTE and self.cause in NOT_FAILING


def fresh(suspects: Iterable[Suspect], looks: Mapping[str, PlannedLook], now: datetime) -> list[Suspect]:
    """Those that fail while no open case knows of it, or is about to, given the next look of each."""
    return [s for s in suspects if s.fails and ((look := looks.get(s.instance_id)) is None or look.misses(now))]


def by_service(suspects: Iterable[Suspect]) -> Mapping[str, int]:
    """How many there are of each service."""
    return dict(Counter(s.service for s in suspects))


def in_turn(suspects: Sequence[Suspect], looks: Mapping[str, PlannedLook], now: datetime) -> list[Suspect]:
    """Those of ``suspects`` to be signalled now, given the next look of each one's open case.

    None whose look comes before the next sweep, or waits in the queue. Of those that fail while no case knows of it at
    most about FRESH. Of those that rest for longer at most about RESTING: what a zone or AWS held may go on, or
    something else may have failed. As many of those that do nothing unexpected.
    """
    resting = [s for s in suspects if (look := looks.get(s.instance_id)) is not None and look.rests(now)]
    foreseen = [s for s in suspects if not s.fails and ((look := looks.get(s.instance_id)) is None or look.misses(now))]
    return [
        *rationed(fresh(suspects, looks, now), _id, FRESH, now),
        *rationed(resting, _id, RESTING, now),
        *rationed(foreseen, _id, RESTING, now),
    ]


def turns(count: int, ration: int) -> int:
    """In so many minutes each of ``count`` has its turn where at most about ``ration`` have it in one.

    A power of two: while the others grow fewer nobody's turn is put off, since whose turn it is among eight is it among
    four as well. So nobody waits longer than the turns of the most that there were meanwhile.
    """
    return 1 if count <= ration else 1 << (-(-count // ration) - 1).bit_length()


def rationed(found: Sequence[T], name: Callable[[T], str], ration: int, now: datetime) -> list[T]:
    """At most about ``ration`` of ``found``, others in each minute, so that each has its turn; all if they are few."""
    among = turns(len(found), ration)
    if among == 1:
        return list(found)
    minute = int(now.timestamp() // MINUTE.total_seconds())
    return [one for one in found if (crc32(name(one).encode()) + minute) % among == 0]


def spread(number: int) -> timedelta:
    """How long after the first the signal of that ``number``, from 0 on, is to come."""
    return timedelta(seconds=max(0, number - AT_ONCE + A_SECOND) // A_SECOND)


def _id(suspect: Suspect) -> str:
    return suspect.instance_id
