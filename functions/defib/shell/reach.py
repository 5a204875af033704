"""After a sweep, now and then: whether everybody can be reached; those who can hear who can't."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from defib.core.frozen import dataclass, replace
from defib.core.incident import Incident, Notice
from defib.core.policy import Policy
from defib.core.reach import Address, Finding, Question, Reach, Readings, expected, findings, merged, unheard
from defib.core.reach_news import INCIDENT_SERVICE, tell
from defib.shell.ports import Clock, Queues
from defib.shell.store import Conflict

LOOK_FOR = timedelta(seconds=12)
"""How long a look may go on asking; a call under way then still ends by its own timeouts."""
ROOM = timedelta(seconds=20)
"""What must be left of the function's time for a look to begin: LOOK_FOR, the last call, the write, and some more."""
AGAIN = timedelta(minutes=10)
"""How soon after a look that left something unanswered the next one comes, if the usual one is later."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One atomic write of what a look has found, with what people are told of it."""

    reach: Reach
    incidents: tuple[Incident, ...] = ()
    notices: tuple[Notice, ...] = ()


class ReachStore(Protocol):
    """What is remembered of looks."""

    def reach(self) -> Reach:
        """What the last look found; strongly consistent. Raises Transient or Rejected."""
        ...

    def latest_incident(self, service: str) -> Incident | None: ...

    def remember_reach(self, change: Reached) -> Reached:
        """Write all or nothing and return it with the new versions; Conflict when someone else wrote first."""
        ...


class Reader(Protocol):
    """Asks AWS about addresses, and only asks."""

    def read(self, addresses: Sequence[Address], until: datetime) -> Readings:
        """What it says by ``until``; what it does not say by then is unanswered. Raises nothing of AWS's."""
        ...


@dataclass(frozen=True, slots=True)
class Looking:
    """What looking needs of the outside world."""

    clock: Clock
    reader: Callable[[], Reader]
    """Called only when it is time to look: its clients take longer to make than a sweep lasts."""
    store: ReachStore
    queues: Queues


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found."""

    findings: tuple[Finding, ...]
    unanswered: Mapping[Question, str]


def look(edges: Looking, policy: Policy, left: timedelta) -> Look | None:
    """See whether everybody can be reached, if it is time, and tell people of what is new; None if it is not time.

    ``left`` is what the function may still take. Without enough of it the next sweep looks instead.
    Raises Transient or Rejected where the table or the queue can't be used.
    """
    now = edges.clock.now()
    addresses = expected(policy)
    if left < ROOM or not addresses:
        return None
    before = edges.store.reach()
    if not _is_due(before, policy, now):
        return None
    readings = edges.reader().read(addresses, now + LOOK_FOR)
    found = (
        *findings(addresses, readings, policy.delivery.sms_share, now),
        *unheard(before.drills, policy.drill, now),
    )
    kept = merged(before.findings, found, readings.unanswered)
    reach = replace(before, looked_at=now, findings=kept, unanswered=bool(readings.unanswered))
    latest = edges.store.latest_incident(INCIDENT_SERVICE) if kept or reach.incident else None
    reach, incident, notice = tell(reach, latest, policy, now)
    incidents, notices = tuple(filter(None, (incident,))), tuple(filter(None, (notice,)))
    try:
        edges.store.remember_reach(Reached(reach, incidents, notices))
    except Conflict:
        # Another sweep has looked meanwhile.
        return None
    if notices:
        edges.queues.announce(notices)
    return Look(kept, readings.unanswered)


def _is_due(reach: Reach, policy: Policy, now: datetime) -> bool:
    known = {finding.key for finding in reach.findings}
    if reach.looked_at is None or any(f.key not in known for f in unheard(reach.drills, policy.drill, now)):
        return True
    every = policy.delivery.check_every
    return now - reach.looked_at >= (min(AGAIN, every) if reach.unanswered else every)
