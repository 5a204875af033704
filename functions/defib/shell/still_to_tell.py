"""What a sweep finds that people are still to hear: what did not go out, calls that nobody has answered, digests.

One that fails holds up no other. A table or a queue that throttles takes half a second each time: hundreds would take
all the time of a sweep, and nobody would look for what fails. So each kind has its own share of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from defib.core.call_news import escalate
from defib.core.frozen import dataclass
from defib.core.incident import Incident, Notice
from defib.core.policy import Policy
from defib.shell.announce import taken_along
from defib.shell.parts import THE_QUEUES, THE_TABLE, Parts
from defib.shell.ports import Clock, Queues
from defib.shell.store import Called, Conflict, Store

NOTICES_MAX = 200
"""Unpublished notices sent again by one sweep."""
CONTACTS_MAX = 50
"""As many as a policy has."""
CALLS_MAX = 200
"""Calls for people that one sweep makes louder; the longest overdue come first, the next sweep takes the rest."""
UNPUBLISHED_AFTER = timedelta(seconds=60)
"""How long a notice may take to go out before the sweep sends it again."""
EACH_FOR = timedelta(seconds=8)
"""How long one sweep goes on with each of the three; the next takes the rest. All three take less than a sweep has
(infra/functions.py), and leave it enough to ask EC2."""
INTERVAL = timedelta(minutes=1)
"""From one sweep to the next (infra/every_minute.py)."""

T = TypeVar("T")


class Edges(Protocol):
    """As much of what sweeping needs as is used here."""

    @property
    def clock(self) -> Clock: ...

    @property
    def store(self) -> Store: ...

    @property
    def queues(self) -> Queues: ...


@dataclass(frozen=True, slots=True)
class Told:
    """How much there was to tell."""

    resent: int
    called: int


def tell(edges: Edges, policy: Policy, now: datetime, parts: Parts) -> Told:
    """Have told what people are still to hear. What fails is named in ``parts``."""
    resent = _resend(edges, now, parts)
    called = _call(edges, policy, now, parts)
    _sum_up(edges, now, parts)
    return Told(resent, called)


def _in_time(found: Iterable[T], clock: Clock) -> Iterator[T]:
    until = clock.now() + EACH_FOR
    for one in found:
        if clock.now() >= until:
            return
        yield one


def _resend(edges: Edges, now: datetime, parts: Parts) -> int:
    unsaid: Sequence[Notice] = ()
    part, made = "unpublished notices", now - UNPUBLISHED_AFTER
    unread = partial(parts.note, part, THE_TABLE)
    notices = parts.do(part, THE_TABLE, unsaid, edges.store.unpublished_notices, made, NOTICES_MAX, unread)
    for notice in _in_time(taken_along(notices), edges.clock):
        # One by one: what the queue refuses once holds up no other for a minute.
        parts.do("sending notices again", THE_QUEUES, None, edges.queues.announce_again, [notice], now)
    return len(notices)


def _call(edges: Edges, policy: Policy, now: datetime, parts: Parts) -> int:
    """Ask for people again, and for more of them, where nobody has answered; returns how often.

    A crash after a write leaves the notice in the ``due`` index.
    """
    none_due: Sequence[Incident] = ()
    part, unwritten = "calls for people", None
    unread = partial(parts.note, part, THE_TABLE)
    due = parts.do(part, THE_TABLE, none_due, edges.store.due_calls, now, CALLS_MAX, unread)
    called = 0
    for incident in _in_time(due, edges.clock):
        # One that fails as nobody has foreseen must not keep the others unheard either.
        louder = partial(_louder, incident, edges, policy, now)
        notice = parts.alone(f"call for {incident.id}", partial(parts.do, part, THE_TABLE, unwritten, louder))
        if notice is not None:
            parts.do("announcing calls for people", THE_QUEUES, None, edges.queues.announce, [notice])
            called += 1
    return called


def _louder(incident: Incident, edges: Edges, policy: Policy, now: datetime) -> Notice | None:
    """What asks for people once more; None where it is not time, or one wrote first, whom the next sweep hears."""
    after, notice = escalate(incident, policy, now)
    if notice is None:
        return None
    try:
        edges.store.remember_call(Called(after, notice))
    except Conflict:
        return None
    return notice


def _sum_up(edges: Edges, now: datetime, parts: Parts) -> None:
    """Have sent what waits for people, at its time: what is due before the next sweep is asked for now."""
    none_due: Mapping[str, datetime] = {}
    reads = edges.store.due_contacts
    due = parts.do("contacts with messages due", THE_TABLE, none_due, reads, now + INTERVAL, CONTACTS_MAX)
    for contact, at in _in_time(due.items(), edges.clock):
        parts.do("asking for digests", THE_QUEUES, None, edges.queues.digest, contact, max(at, now), now)
