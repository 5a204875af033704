"""What holds for the whole stack, in one item of the table: repairs begun and under way, impaired zones, and more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from defib.core.frozen import dataclass, replace
from defib.core.issue import Issues
from defib.core.replacement import Replacement
from defib.core.shift import Shift

if TYPE_CHECKING:
    from defib.core.case import Case

RATE_WINDOW = timedelta(minutes=10)
"""What ``limits.rate`` counts within."""

TAKEN_BACK = frozenset({"observe_mode", "owned_by_others"})
"""Guards of what Defib may not touch any more, not even to give back what it took: who may act has it in hand."""

CROWD = 50
"""From so many failing instances on, looks are rationed."""


def in_crowd(failing: int) -> int:
    """``failing`` as the stack remembers it: in steps, so that not every sweep has to write it."""
    return failing // CROWD * CROWD


def gives_place_back(case: Case) -> bool:
    """Whether a repair that is not over takes no part of what ``limits`` allow."""
    return case.waits_its_turn or case.held_by in TAKEN_BACK


@dataclass(frozen=True, slots=True)
class Begun:
    """One repair: from the decision on its first act until its case is closed, handed over, or waits its turn again.

    Or until only AWS's list of events is yet to hear of it. One that its group terminates serves nobody, and counts.
    """

    case_id: str
    at: datetime
    over: bool = False


@dataclass(frozen=True, slots=True)
class Impairment:
    """A zone in which so many instances fail at once that it is no coincidence."""

    zone: str
    since: datetime
    """When a sweep first saw it."""
    failing: int
    """The most that failed at once."""
    incident: int = 0
    """The number of the incident that told people; 0 until a second sweep has seen it too."""
    below_since: datetime | None = None
    """Since when so few fail that it may be over."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """More instances fail at once than can be looked at before the next sweep."""

    since: datetime
    """When a sweep first saw it."""
    waiting: Mapping[str, int]
    """By service, how many failing instances had no case when last swept: each of them is known to fail."""
    most: int
    """The most that have waited so at once."""
    told: int = 0
    """How many did when people were last told."""
    incident: int = 0
    """The number of the incident that told people; 0 until a second sweep has seen it too."""
    below_since: datetime | None = None
    """Since when no more wait than one sweep signals."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A value: every change makes a new one with the next version. Each write requires the version it read."""

    version: int = 0
    begun: tuple[Begun, ...] = ()
    impaired: tuple[Impairment, ...] = ()
    running: int | None = None
    """Opted-in instances that ran when a sweep last counted them; None: never counted yet."""
    counted_at: datetime | None = None
    failing: int = 0
    """Instances that need a look, when last swept, rounded down (``in_crowd``): how often those that wait get one."""
    crowd: Crowd | None = None
    """Those that fail and wait for their first look, where they are many."""
    shifts: tuple[Shift, ...] = ()
    """Zonal shifts that are wanted, in effect, or being ended; one a load balancer and zone."""
    issues: Issues = field(default_factory=Issues)
    """Issues of EC2 that AWS Health has told of."""
    replacements: tuple[Replacement, ...] = ()
    """New members of Auto Scaling groups that Defib has had replaced lately; the oldest first."""

    def impairment(self, zone: str) -> Impairment | None:
        """The impairment of that zone, suspected or told of."""
        return next((i for i in self.impaired if i.zone == zone), None)

    def shift(self, load_balancer: str, zone: str) -> Shift | None:
        """What Defib wants of that load balancer's traffic in that zone."""
        return next((s for s in self.shifts if (s.load_balancer, s.zone) == (load_balancer, zone)), None)

    def with_shift(self, shift: Shift) -> Stack:
        """The stack with ``shift`` in place of what it held of the same load balancer and zone."""
        same = (shift.load_balancer, shift.zone)
        return replace(self, shifts=tuple(shift if (s.load_balancer, s.zone) == same else s for s in self.shifts))

    def under_repair(self, case_id: str) -> int:
        """Repairs under way besides that of ``case_id``."""
        return sum(1 for b in self.begun if not b.over and b.case_id != case_id)

    def others_under_repair(self, case_id: str) -> frozenset[str]:
        """The instances that they are of."""
        return frozenset(b.case_id.rpartition("-")[0] for b in self.begun if not b.over and b.case_id != case_id)

    def begun_lately(self, case_id: str, now: datetime) -> int:
        """Repairs begun within RATE_WINDOW besides that of ``case_id``."""
        return sum(1 for b in self.begun if now - b.at < RATE_WINDOW and b.case_id != case_id)

    def goes_on(self, case: Case) -> bool:
        """Whether its repair has changed something, or may have, since it took its place."""
        place = next((b for b in self.begun if b.case_id == case.id and not b.over), None)
        if place is None:
            return False
        since = tuple(a for a in case.attempts if a.intended_at >= place.at)
        return replace(case, attempts=since).acted

    def after(self, case: Case, now: datetime) -> Stack:
        """The stack once ``case`` is remembered; the same when the case begins or ends no repair."""
        case_id = case.id
        known = next((b for b in self.begun if b.case_id == case_id), None)
        over = case.closed_at is not None or case.handed_over_at is not None
        if known is None or known.over:
            if over or case.pending_act is None:
                return self
            begun = (*(b for b in self.begun if b is not known), Begun(case_id, now))
        elif over or gives_place_back(case):
            begun = tuple(replace(b, over=True) if b is known else b for b in self.begun)
        else:
            return self
        return replace(self, begun=tuple(b for b in begun if not b.over or now - b.at < RATE_WINDOW))


NOTHING_KNOWN = Stack()
"""Of the whole stack."""
