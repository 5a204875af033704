"""Once a minute: whatever fails, is due or went unsaid is signalled, so that nothing is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from defib.core.diagnose import diagnose
from defib.core.model import Cause, Observation, Signal, Source
from defib.core.policy import Policy
from defib.shell.ports import Clock, Observer, Queues, Store

DUE_MAX = 1000
"""Overdue cases signalled by one sweep; the longest overdue come first, the next sweep takes the rest."""
NOTICES_MAX = 200
"""Unpublished notices sent again by one sweep."""
UNPUBLISHED_AFTER = timedelta(seconds=60)
"""How long a notice may take to go out before the sweep sends it again."""

NEEDS_NOTHING = frozenset(
    {Cause.HEALTHY, Cause.INITIALIZING, Cause.STOPPED_BY_PERSON, Cause.STOPPING, Cause.TERMINATED}
)
"""Diagnoses that open no case."""


@dataclass(frozen=True, slots=True)
class Sweeping:
    """What sweeping needs of the outside world."""

    clock: Clock
    observer: Observer
    store: Store
    queues: Queues


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one sweep found."""

    suspects: int
    due: int
    resent: int
    unanswered: Mapping[str, str]


def sweep(edges: Sweeping, policy: Policy) -> SweepReport:
    """Signal every suspect and every overdue case, and send unpublished notices again.

    What the table knows is signalled first: it needs no answer from EC2.
    """
    now = edges.clock.now()
    notices = edges.store.unpublished_notices(now - UNPUBLISHED_AFTER, NOTICES_MAX)
    if notices:
        edges.queues.announce(notices)
    due = edges.store.due_instances(now, DUE_MAX)
    if due:
        edges.queues.signal([Signal(Source.WAKE, instance_id, now, "its time has come") for instance_id in due])
    found = edges.observer.suspects()
    suspects = [s for o in found.observations if (s := _signal(o, policy, now)) and o.instance_id not in due]
    if suspects:
        edges.queues.signal(suspects)
    return SweepReport(len(suspects), len(due), len(notices), found.unanswered)


def _signal(observation: Observation, policy: Policy, now: datetime) -> Signal | None:
    """A signal for an instance that needs a look, or None."""
    if not policy.opted_in(observation.tags) or policy.service_of(observation.tags) is None:
        return None
    diagnosis = diagnose(observation, None, policy, now)
    if diagnosis.cause in NEEDS_NOTHING:
        return None
    return Signal(Source.SWEEP, observation.instance_id, now, "; ".join(diagnosis.evidence))
