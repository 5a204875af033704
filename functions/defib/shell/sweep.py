"""Once a minute: whatever fails, is due or went unsaid is signalled, so that nothing is forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from defib.core.between_sweeps import asks
from defib.core.case import Case
from defib.core.crowd import Counted
from defib.core.frozen import dataclass, replace
from defib.core.model import NOT_FAILING, Cause, Diagnosis, Observation, Signal, Source
from defib.core.policy import Policy
from defib.core.rationing import FRESH, PlannedLook, by_service, fresh, in_turn, rationed
from defib.core.stack import CROWD, NOTHING_KNOWN, Stack, in_crowd
from defib.core.suspect import Suspect, look_at
from defib.core.zones import Seen, Turn, incident_service, survey, tell
from defib.shell.crowd import Crowding, count
from defib.shell.issues import Telling, tell_of_issues
from defib.shell.onward import OneByOne
from defib.shell.parts import THE_QUEUES, THE_TABLE, Parts
from defib.shell.ports import CallFailed, Clock, Observer, Queues
from defib.shell.shifting import pursue_shifts
from defib.shell.still_to_tell import tell as tell_people
from defib.shell.store import Conflict, Store, Surveyed

DUE_MAX = 1000
"""Overdue cases signalled by one sweep; the longest overdue come first, the next sweep takes the rest."""
NO_ZONE_TROUBLE = frozenset({*NOT_FAILING, Cause.APPLICATION_DOWN})
"""Diagnoses that say nothing of the zone: an application fails by itself, wherever it runs, and what AWS only announces
does not fail."""

COUNTED_FOR = timedelta(minutes=10)
"""How long a count of the running instances holds. It changes with deployments; and only trouble asks for it."""

AHEAD = timedelta(days=1)
"""Which planned looks a sweep asks for: longer than any case rests, but for what AWS has announced. As long back: whose
look is overdue waits in the queue, and has a case."""

Ailing = Sequence[tuple[Observation, Diagnosis]]
"""What may be in trouble, of all that is opted in, and what is the matter with each."""

CONFLICTS_MAX = 5
"""How often a sweep starts afresh with the stack because someone else wrote first; the next sweep tries again."""


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
    """Signalled."""
    waiting: int
    """Found to fail without a case, of so many that not all are signalled at once; 0 below."""
    due: int
    resent: int
    called: int
    unanswered: Mapping[str, str]


def sweep(edges: Sweeping, policy: Policy) -> SweepReport:
    """Signal every suspect and every overdue case, and send unpublished notices again.

    What the table knows is signalled first, and what load balancers are to be asked before the next sweep: that needs
    no answer from EC2. A part that fails holds up no other.
    """
    now, parts = edges.clock.now(), Parts()
    told = tell_people(edges, policy, now, parts)
    none_due: Sequence[str] = ()
    due = parts.do("overdue cases", THE_TABLE, none_due, edges.store.due_instances, now, DUE_MAX)
    if due:
        _wake(due, edges, now, parts)
    _ask(edges, policy, now, parts)
    found = edges.observer.suspects()
    complete = not found.unanswered
    looks = [look for o in found.observations if (look := parts.alone(o.instance_id, look_at, o, policy, now))]
    ailing = [(look.observation, look.diagnosis) for look in looks]
    telling = Telling(edges.observer, edges.store, OneByOne(edges.queues, parts))
    pursue = partial(_pursue, ailing, complete, telling, policy, now)
    of_many = "zones, issues and shifts"
    # Not even what nobody has foreseen may keep who fails from being signalled.
    stack = parts.alone(of_many, partial(parts.do, of_many, THE_TABLE, NOTHING_KNOWN, pursue)) or NOTHING_KNOWN
    # Whoever fails with its zone is looked at again when the zone has recovered: the sweep then still finds it.
    seen = [look.suspect for look in looks if look.suspect and stack.impairment(look.observation.zone) is None]
    overdue = frozenset(due)
    suspects = [s for s in seen if s.instance_id in overdue or not _waits(s, edges.store, parts)]
    awake = [s for s in suspects if s.instance_id not in overdue]
    chosen, waiting = _in_turn(awake, edges.store, now, parts)
    _send([s.signal for s in chosen], "signalling suspects", edges, parts)
    if waiting is not None and (stack.crowd is not None or len(waiting) > FRESH):
        counted = _counted(suspects, waiting, bool(stack.impaired), complete)
        crowding = Crowding(edges.store, telling.queues)
        parts.do("counting who waits", THE_TABLE, None, count, stack, counted, crowding, policy, now)
    # strftime takes several times as long.
    change = f"sweep-{now.isoformat()[:19].replace('-', '').replace(':', '')}"
    parts.do("telling the page to follow", THE_QUEUES, None, edges.queues.follow, change)
    return SweepReport(
        len(chosen),
        len(waiting or ()),
        len(due),
        told.resent,
        told.called,
        {**found.unanswered, **found.gone, **parts.failed},
    )


def _send(signals: Sequence[Signal], part: str, edges: Sweeping, parts: Parts) -> None:
    if signals:
        parts.do(part, THE_QUEUES, None, edges.queues.signal, signals)


def _wake(due: Sequence[str], edges: Sweeping, now: datetime, parts: Parts) -> None:
    """Have those looked at whose time has come.

    Where they are many, few have lost their wake-up: it waits in the queue, and another would only make that longer.
    """
    forgotten = rationed(due, str, FRESH, now)
    wakes = [Signal(Source.WAKE, instance_id, now, "its time has come") for instance_id in forgotten]
    _send(wakes, "waking overdue cases", edges, parts)


def _ask(edges: Sweeping, policy: Policy, now: datetime, parts: Parts) -> None:
    """Have load balancers asked between this sweep and the next."""
    questions = asks(policy, now)
    if questions:
        ask = edges.queues.ask
        parts.do("asking load balancers in between", THE_QUEUES, None, ask, questions, edges.clock.now())


def _pursue(ailing: Ailing, complete: bool, edges: Telling, policy: Policy, now: datetime) -> Stack:
    stack = _survey(ailing, complete, edges, policy, now)
    stack = tell_of_issues(stack, edges, policy, now)
    return pursue_shifts(stack, edges.store, edges.queues, edges.observer.zone_ids, policy, now)


def _survey(ailing: Ailing, complete: bool, edges: Telling, policy: Policy, now: datetime) -> Stack:
    """What holds for the whole stack now; people are told of a zone that has become impaired, or has recovered."""
    failing: dict[str, Counter[str]] = {}
    crowd = 0
    for observation, diagnosis in ailing:
        crowd += diagnosis.cause not in NOT_FAILING
        if diagnosis.cause not in NO_ZONE_TROUBLE:
            service = policy.service_of(observation.tags)
            failing.setdefault(observation.zone, Counter())[service.name if service is not None else ""] += 1
    stack = edges.store.stack()
    for _ in range(CONFLICTS_MAX):
        try:
            known = stack if stack.failing == in_crowd(crowd) else replace(stack, failing=in_crowd(crowd))
            return _surveyed(stack, known, failing, complete, edges, policy, now)
        except Conflict:
            stack = edges.store.stack()
    return stack


def _surveyed(
    stack: Stack,
    known: Stack,
    failing: Mapping[str, Counter[str]],
    complete: bool,
    edges: Telling,
    policy: Policy,
    now: datetime,
) -> Stack:
    """The stack once remembered; ``known`` is ``stack`` with what this sweep has found so far."""
    counted = known
    zones: Mapping[str, Seen] = {}
    crowded = any(by.total() >= policy.limits.zone_instances for by in failing.values())
    if failing and (crowded or stack.counted_at is None or now - stack.counted_at >= COUNTED_FOR):
        try:
            running = edges.observer.running()
        except CallFailed:
            return stack
        zones = {zone: Seen(zone, by.total(), running.get(zone, 0), services=by) for zone, by in failing.items()}
        counted = replace(known, running=sum(running.values()), counted_at=now)
    else:
        zones = {zone: Seen(zone, by.total(), by.total(), services=by) for zone, by in failing.items()}
    after, turns = survey(counted, zones, policy.limits, now, complete)
    if not turns and after == stack:
        return stack
    if not turns:
        return edges.store.remember_stack(Surveyed(after)).stack
    for turn in turns:
        after = _told(after, turn, edges, policy, now)
    return after


def _told(stack: Stack, turn: Turn, edges: Telling, policy: Policy, now: datetime) -> Stack:
    """Remember one turn and tell people; a crash in between leaves the notice in the ``due`` index."""
    zone = turn.impairment.zone
    try:
        named = replace(turn, seen=replace(turn.seen, zone_id=edges.observer.zone_ids().get(zone, "")))
    except CallFailed:
        named = turn
    latest = edges.store.latest_incident(incident_service(zone))
    after, incident, notice = tell(stack, named, latest, policy, now)
    written = edges.store.remember_stack(Surveyed(after, incident, notice)).stack
    edges.queues.announce([notice])
    return written


def _in_turn(
    suspects: Sequence[Suspect], store: Store, now: datetime, parts: Parts
) -> tuple[Sequence[Suspect], Sequence[Suspect] | None]:
    """Those to be signalled now, and those that wait for their first look; None where nobody can tell who does."""
    if len(suspects) < CROWD:
        return suspects, ()
    unread: Mapping[str, PlannedLook] | None = None
    looks = parts.do("planned looks", THE_TABLE, unread, store.planned_looks, now - AHEAD, now + AHEAD)
    if looks is None:
        return in_turn(suspects, {}, now), None
    return in_turn(suspects, looks, now), fresh(suspects, looks, now)


def _counted(suspects: Sequence[Suspect], waiting: Sequence[Suspect], zones_fail: bool, complete: bool) -> Counted:
    lasting = by_service(s for s in waiting if s.lasts)
    return Counted(sum(s.fails for s in suspects), by_service(waiting), lasting, zones_fail, complete)


def _waits(suspect: Suspect, store: Store, parts: Parts) -> bool:
    """Whether it has only had something announced, for weeks, and an open case looks by itself when it is time."""
    if suspect.cause is not Cause.EVENT_SCHEDULED:
        return False
    instance_id = suspect.instance_id
    unread: Case | None = None
    case = parts.do(f"the case of {instance_id}", THE_TABLE, unread, store.latest_case, instance_id)
    return case is not None and case.closed_at is None
