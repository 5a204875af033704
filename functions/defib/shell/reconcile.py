"""Signal in, decision out: observe, step, remember, and only then send what follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from defib.core import in_a_row
from defib.core.announce import announce, under_repair
from defib.core.approval import unheeded, with_answer
from defib.core.audit import entry
from defib.core.case import Action, Case
from defib.core.effect import Effect, Perform, Wake
from defib.core.frozen import dataclass, replace
from defib.core.guards.loss import waits_for_traits
from defib.core.incident import Incident, Notice
from defib.core.issue import AWS_ISSUE
from defib.core.look import is_out_of_date, read_again
from defib.core.model import Observation, Peers, Signal, Source
from defib.core.policy import Policy
from defib.core.stack import Stack, gives_place_back
from defib.core.step import open_case, step
from defib.core.suppression import silenced
from defib.shell.ports import Clock, Journal, KillSwitch, Observer, Queues, Unanswered, try_all
from defib.shell.store import Conflict, Remembered, Store

CONFLICTS_MAX = 8
"""How often one signal starts afresh because someone else wrote first; then its message is delivered again later."""
AFRESH_WITHIN = timedelta(seconds=10)
"""How long after it began it may start afresh. Of the 30 s that ``diagnose`` has (infra/functions.py) that leaves 20,
the most that a call may take (core/consistency.py): where one hangs each time, two looks would outlast the function."""

LOOKS_MOST = 10
"""Instances that one message has looked at: a look takes half a second and more, of the 30 s that ``diagnose`` has."""


@dataclass(frozen=True, slots=True)
class Reconciling:
    """What reconciling needs of the outside world."""

    clock: Clock
    observer: Observer
    store: Store
    queues: Queues
    journal: Journal
    switch: KillSwitch


def reconcile(signal: Signal, edges: Reconciling, policy: Policy) -> None:
    """Look at the instance that ``signal`` names and do what is due.

    Raises Conflict when others wrote first too often, Transient or Rejected when AWS can't be read.
    """
    tried, began = 0, edges.clock.now()
    while tried < CONFLICTS_MAX and edges.clock.now() - began <= AFRESH_WITHIN:
        try:
            return _reconcile(signal, edges, policy)
        except Conflict:
            tried += 1
    raise Conflict(f"{signal.instance_id}: others wrote first {tried} times; the signal will be delivered again")


def look_at(signals: Sequence[Signal], edges: Reconciling, policy: Policy) -> None:
    """Reconcile each; one that can't be looked at holds up no other. Raises what ``reconcile`` raises.

    Of one event that names many, such as an alarm of a target group, each becomes a message of its own.
    """
    if len(signals) > LOOKS_MOST:
        edges.queues.signal(signals)
    else:
        try_all(partial(reconcile, signal, edges, policy) for signal in signals)


def looked_since(signal: Signal, case: Case | None, now: datetime) -> bool:
    """Whether ``signal`` is a wake-up for a look that has been had since, so that ``case`` has asked for the next.

    In a storm there are many, and a look that finds nothing new costs as much as any.
    """
    ahead = case is not None and case.look_again_at is not None and case.look_again_at > now
    return signal.source is Source.WAKE and ahead


def with_remembered(observation: Observation, incident: Incident | None, case_id: str) -> Observation:
    """Complete what AWS says with what only the table knows: what of the service is down or under repair, what fell."""
    if incident is None:
        return observation
    at_it, peers = under_repair(incident, case_id), observation.peers
    if peers is not None:
        peers = _counted_on(peers, incident.down(case_id).difference(at_it), at_it)
    return replace(observation, under_repair=len(at_it), falls=incident.falls, peers=peers)


def _counted_on(peers: Peers, down: frozenset[str], at_it: Sequence[str]) -> Peers:
    """``peers`` of which those that are ``down`` count as healthy no more, though EC2 may call them so."""
    fit = peers.healthy_ids - down
    healthy = peers.healthy - len(peers.healthy_ids & down)
    return replace(peers, healthy=healthy, healthy_ids=fit, under_repair=len(fit.intersection(at_it)))


def _reconcile(signal: Signal, edges: Reconciling, policy: Policy) -> None:
    if is_out_of_date(signal, edges.clock.now()):
        return
    latest = edges.store.latest_case(signal.instance_id)
    current = latest if latest is not None and latest.closed_at is None else None
    if looked_since(signal, current, edges.clock.now()):
        return
    # Evidence comes before every act that a guard may forbid.
    near = current is not None and bool(current.attempts)
    places = (*current.registrations, *current.standby_places) if current is not None else ()
    observation = edges.observer.observe(signal.instance_id, places, near, silenced=silenced(current))
    now = edges.clock.now()
    why = unheeded(current, signal.answer, now) if signal.answer is not None else ""
    if signal.answer is not None and why:
        edges.journal.unheeded(signal.answer, signal.instance_id, why)
    before = current
    if before is None:
        service = policy.service_of(observation.tags)
        if service is None or not policy.opted_in(observation.tags):
            return
        before = open_case(signal.source, observation, service, latest, now)
    told = before if signal.result is None else before.with_result(signal.result)
    told = told if signal.answer is None else with_answer(told, signal.answer, now)
    incident = edges.store.latest_incident(before.service)
    observation, after, effects = _decided(
        before, told, with_remembered(observation, incident, before.id), edges, policy, now
    )
    after, effects = read_again(signal, after, effects, now)
    if not _differs(before, after):
        return
    if waits_for_traits(after.held_by, observation.traits):
        raise Unanswered(observation.traits.unread)
    if current is None and after.closed_at is not None:
        edges.journal.decided(None, after, observation)
        return
    after_incident, notices = announce(incident, before, after, policy, now)
    changed = after_incident if after_incident is not incident else None
    stack = _stack_after(before, after, observation, edges, policy, now)
    written = edges.store.remember(Remembered(after, changed, notices, entry(current, after, now), stack))
    edges.journal.decided(current, after, observation)
    _send(effects, notices, edges)
    if written.incident is not None:
        edges.queues.follow(f"{written.incident.id}-{written.incident.version}")


def _differs(before: Case, after: Case) -> bool:
    """Whether there is anything to remember: most looks find nothing new, but move the next one."""
    return after.look_again_at != before.look_again_at or after != before


def _decided(
    before: Case, told: Case, observation: Observation, edges: Reconciling, policy: Policy, now: datetime
) -> tuple[Observation, Case, Sequence[Effect]]:
    """What ``told`` comes to, and the observation that this rests on: with what only some decisions need to be read."""
    after, effects = step(told, observation, policy, now)
    acts = [effect.action for effect in effects if isinstance(effect, Perform)]
    if told.approval is None and after.approval is not None and after.held_action is not None:
        # People are asked only about what nothing else forbids.
        acts.append(after.held_action)
    if acts:
        # What only a decision to act needs: all else costs no call.
        stack = edges.store.stack()
        only_reads = all(action is Action.EVIDENCE for action in acts)
        healing = observation.healing if only_reads else edges.switch.read()
        observation = replace(observation, stack=stack, healing=healing)
        after, effects = step(told, observation, policy, now)
    elif (after.held_by or after.handed_over_at is not None) and _differs(before, after):
        # How many others fail says when it is looked at again, and whose repairs have begun whether its line stands.
        stack = edges.store.stack()
        known = Stack(failing=stack.failing, begun=stack.begun)
        if known != observation.stack:
            observation = replace(observation, stack=known)
            after, effects = step(told, observation, policy, now)
    return observation, after, effects


def _stack_after(
    before: Case, after: Case, observation: Observation, edges: Reconciling, policy: Policy, now: datetime
) -> Stack | None:
    """The stack if the case begins or ends a repair, orders a replacement, or is the first that an issue holds."""
    over = (after.closed_at, after.handed_over_at) != (before.closed_at, before.handed_over_at)
    ended = (over or (gives_place_back(after) and not gives_place_back(before))) and before.begun
    ended = ended or in_a_row.works_after_all(after)
    begins = after.pending_act not in (None, before.pending_act)
    if not ended and not begins and after.held_by != AWS_ISSUE:
        return None
    stack = edges.store.stack() if ended else observation.stack
    changed = stack
    if after.held_by == AWS_ISSUE and stack.issues.known and not stack.issues.held:
        changed = replace(changed, issues=replace(stack.issues, held=after.name))
    if ended or begins:
        changed = in_a_row.after(changed.after(after, now), after, observation, policy.limits, now)
    return changed if changed != stack else None


def _send(effects: Sequence[Effect], notices: Sequence[Notice], edges: Reconciling) -> None:
    """A crash between here and the write loses nothing: the sweep finds what is due and unpublished in the table."""
    sends: list[Callable[[], None]] = [partial(_order, effect, edges) for effect in effects]
    if notices:
        sends.append(partial(edges.queues.announce, notices))
    try_all(sends)


def _order(effect: Effect, edges: Reconciling) -> None:
    match effect:
        case Perform():
            edges.queues.perform(effect)
        case Wake():
            edges.queues.wake(effect, edges.clock.now())
