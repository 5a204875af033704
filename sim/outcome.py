"""From what a replay remembers to the Recording: faults with their cases, actions, messages and AWS's share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from defib.core.case import Attempt, Case, Outcome
from defib.core.incident import Notice
from sim.accounting import aws_imposed, grace_for
from sim.expectations import judge
from sim.machine import ActiveFault
from sim.recording import (
    ActionRecord,
    DeadArrivals,
    FaultRecord,
    InstanceTrack,
    Message,
    PageMoment,
    Recording,
    Serving,
    Totals,
)
from sim.world import World

HEALED = (Outcome.HEALED, Outcome.RECOVERED)
NONE = "none"
OPEN = "open"


def recording_of(world: World, name: str, seed: int) -> Recording:
    """Everything that happened in ``world`` until now, judged by its scenario's expectations."""
    recorder, scenario = world.recorder, world.scenario
    cases, notices = world.records.cases(), world.records.notices()
    recording = Recording(
        scenario=name,
        title=scenario.title,
        story=scenario.story,
        seed=seed,
        started_at=scenario.start,
        ended_at=world.time.now,
        original=scenario.original,
        instances=tuple(history.recorded(world.time.now) for history in recorder.histories.values()),
        faults=tuple(_fault(world, active, cases, notices) for active in recorder.faults),
        decisions=tuple(recorder.decisions),
        messages=tuple(recorder.messages),
        totals=_totals(world),
        expectations=(),
        updates=tuple(world.customers.updates),
        letters=tuple(world.customers.letters),
        pages=tuple(_changes(world.customers.moments)),
    )
    return replace(recording, expectations=judge(recording, world))


def _changes(moments: Sequence[PageMoment]) -> Iterator[PageMoment]:
    """The first moment of each version, without the renewals."""
    shown = None
    for moment in moments:
        if (moment.version, moment.banner) != shown:
            shown = (moment.version, moment.banner)
            yield moment


def case_of(active: ActiveFault, cases: Sequence[Case]) -> Case | None:
    """The first case of the fault's instance that was open when, or opened after, the fault struck."""
    own = (c for c in cases if c.instance_id == active.machine.instance_id)
    return next((c for c in own if c.closed_at is None or c.closed_at > active.struck_at), None)


def _fault(world: World, active: ActiveFault, cases: Sequence[Case], notices: Sequence[Notice]) -> FaultRecord:
    case = case_of(active, cases)
    history = world.recorder.histories[active.machine.instance_id]
    shown_at = history.shows_trouble(active.struck_at)
    healed_at = case.closed_at if case is not None and case.outcome in HEALED else None
    imposed = timedelta(0)
    if case is not None and healed_at is not None:
        track = history.recorded(world.time.now)
        repair, machine = world.policy.repair, active.machine
        imposed = aws_imposed(
            active.struck_at,
            shown_at,
            healed_at,
            case.attempts,
            track,
            repair.reboot_trial,
            machine.faults,
            grace_for(machine, repair),
        )
    return FaultRecord(
        instance_id=active.machine.instance_id,
        name=active.machine.name,
        kind=active.fault.kind.value,
        struck_at=active.struck_at,
        check_failed_at=shown_at,
        noticed_at=case.opened_at if case else None,
        detected_at=case.confirmed_at if case else None,
        announced_at=_announced_at(case, notices, world.recorder.messages),
        healthy_at=active.healthy_at,
        healed_at=healed_at,
        escalated_at=case.handed_over_at if case else None,
        outcome=_outcome(case),
        aws_imposed=imposed,
        actions=tuple(_action(attempt) for attempt in case.attempts) if case else (),
        serving=_serving(world, active, cases),
    )


def _serving(world: World, active: ActiveFault, cases: Sequence[Case]) -> Serving | None:
    """With the acts of all its cases: what AWS announces has one of its own."""
    machine, repair = active.machine, world.policy.repair
    history = world.recorder.histories[machine.instance_id]
    track, shown_at = history.recorded(world.time.now), history.shows_trouble(active.struck_at)
    at = _serves_at(active.healthy_at, track)
    own = sorted((c for c in cases if c.instance_id == machine.instance_id), key=lambda c: c.number)
    attempts = [a for case in own for a in case.attempts if a.intended_at >= active.struck_at]
    if at is None:
        return None
    with_grace, without = (
        aws_imposed(active.struck_at, shown_at, at, attempts, track, repair.reboot_trial, machine.faults, grace)
        for grace in (grace_for(machine, repair), timedelta(0))
    )
    return Serving(at, with_grace, without)


def _serves_at(healthy_at: datetime | None, track: InstanceTrack) -> datetime | None:
    """When it works and its load balancer, if any, says so."""
    if healthy_at is None or not track.targets:
        return healthy_at
    healthy = (max(s.start, healthy_at) for s in track.targets if s.value == "healthy" and s.end > healthy_at)
    return min(healthy, default=None)


def _outcome(case: Case | None) -> str:
    if case is None:
        return NONE
    if case.outcome is not None:
        return case.outcome.value
    return Outcome.HANDED_OVER.value if case.handed_over_at is not None else OPEN


def _action(attempt: Attempt) -> ActionRecord:
    result = attempt.result
    return ActionRecord(
        at=attempt.intended_at,
        action=attempt.action.value,
        reason=attempt.reason,
        verdict=result.verdict.value if result else "pending",
        detail=" ".join(part for part in (result.code, result.detail) if part) if result else "",
    )


def _announced_at(case: Case | None, notices: Sequence[Notice], messages: Sequence[Message]) -> datetime | None:
    """When the first message about the case reached anyone."""
    if case is None:
        return None
    first = next((n for n in notices if n.case_id == case.id), None)
    if first is None:
        return None
    told = (m.at for m in messages if m.incident_id == first.incident_id and m.at >= first.at)
    return min(told, default=None)


def _totals(world: World) -> Totals:
    ledger = world.recorder.ledger
    return Totals(
        invocations=dict(sorted(ledger.invocations.items())),
        calls=dict(sorted(ledger.calls.items())),
        denied=tuple(ledger.denied),
        dead_letters=sum(world.queues.dead_letters().values()),
        errors=tuple(ledger.errors),
        throttled=dict(ledger.throttled),
        dead_on_arrival=tuple(_dead_arrivals(world)),
    )


def _dead_arrivals(world: World) -> list[DeadArrivals]:
    found = []
    for metric, counted in world.metrics.sums("Defib", "DeadOnArrival").items():
        by = dict(metric.dimensions)
        found.append(DeadArrivals(by["service"], by["zone"], by["instance_type"], round(counted)))
    return sorted(found, key=lambda d: (-d.count, d.service, d.zone, d.instance_type))
