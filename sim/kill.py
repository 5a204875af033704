"""Kills each component of the stacks in turn on virtual time: who is told of it, by which path, after how long.

``python -m sim kill`` runs it; the table of docs/watching.md is what it writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from defib.core.duration import format_duration
from sim.machinery import MachineryFault, MachineryKind
from sim.outcome import recording_of
from sim.replay import ROOT, played
from sim.scenario import Scenario
from sim.scenario_file import load
from sim.template import region_of
from sim.told import told_of_defib
from sim.wiring import Wiring

SCENARIO = ROOT / "scenarios" / "two-in-a-row.toml"
"""The component dies at the very moment at which its first instance fails, so that everything has something to do."""
SEEDS = (1, 2, 3)
"""The same death at other phases of sweep, alarms and checks; the slowest is what counts."""
BOUND = timedelta(minutes=3)
"""Staff are told of a component's death within this."""
NO_LOSS = timedelta(seconds=30)
"""A death that nobody is told of may not delay a repair by more."""
CHECK_INTERVAL = timedelta(minutes=1)
"""EC2's (User Guide, Status checks for your instances)."""
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Death:
    """One component, and what kills it."""

    component: str
    faults: tuple[MachineryFault, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one death, at worst."""

    component: str
    path: str
    """What told people first: ``alarm sweep-heartbeat``, ``notice held``; empty when nothing did."""
    after: timedelta | None
    """From the death until the message was there; None when nobody was told."""
    since_felt: timedelta | None
    """From the first thing that it failed to do until then: what has nothing to do is not missed."""
    to: tuple[str, ...]
    """Who was told."""
    late: timedelta
    """How much later than in the ordinary case the failing instance was healed; timedelta.max when it was not."""

    @property
    def is_good(self) -> bool:
        """Told in time; or a death without which all goes on, since what is left does the same."""
        return self.since_felt <= BOUND if self.since_felt is not None else self.late <= NO_LOSS


@dataclass(frozen=True, slots=True)
class Ordinary:
    """How long it takes until the first message about a failing instance is there, at worst, where nothing dies."""

    after_second_sample: timedelta
    """From EC2's second failed sample of a check: EC2 itself calls one no outage."""
    after_confirmation: timedelta
    """From the end of the service's patience."""


def the_scenario() -> Scenario:
    return load(SCENARIO)


def deaths(wiring: Wiring, at: timedelta) -> tuple[Death, ...]:
    """Every component, each with the trouble that takes it away for good from ``at`` on.

    The alarms that tell people are left out: each row is told by one of them, and most by two.
    """
    return (*_that_run(wiring, at), *_that_carry(wiring, at), *_that_keep(wiring, at), *_places(wiring, at))


def measured(death: Death, scenario: Scenario, seeds: Sequence[int] = SEEDS) -> Told:
    """The slowest of the seeds."""
    each = [_told(death, scenario, seed) for seed in seeds]
    return max(each, key=lambda told: (told.after is None, told.after or NOTHING, told.late))


def ordinary(scenario: Scenario, seeds: Sequence[int] = SEEDS) -> Ordinary:
    """Where nothing dies; of all instances that fail."""
    after_sample, after_confirmation = NOTHING, NOTHING
    for seed in seeds:
        with played(scenario, seed=seed) as world:
            faults = recording_of(world, "kill", seed).faults
        for fault in faults:
            assert fault.announced_at is not None
            assert fault.check_failed_at is not None
            assert fault.detected_at is not None
            after_sample = max(after_sample, fault.announced_at - fault.check_failed_at - CHECK_INTERVAL)
            after_confirmation = max(after_confirmation, fault.announced_at - fault.detected_at)
    return Ordinary(after_sample, after_confirmation)


def table(rows: Sequence[Told], where_nothing_dies: Ordinary) -> str:
    """The rows as Markdown."""
    return "\n".join(
        (
            f"In the ordinary case the first message is there {_said(where_nothing_dies.after_confirmation)} after a "
            f"failure is confirmed, {_said(where_nothing_dies.after_second_sample)} after EC2's second failed sample.",
            "",
            "| what dies | first told by | after its death | after it first failed | the failing instance |",
            "|---|---|---|---|---|",
            *(row(one) for one in rows),
        )
    )


def row(told: Told) -> str:
    """One row of the table."""
    late = "not healed" if told.late == timedelta.max else f"healed, {_said(told.late)} late" if told.late else "healed"
    after = "–" if told.after is None else _said(told.after)
    felt = "–" if told.since_felt is None else _said(told.since_felt)
    return f"| {told.component} | {told.path or 'nobody'} | {after} | {felt} | {late} |"


def _broken(at: timedelta, kind: MachineryKind, on: str, region: str = "", **more: Any) -> tuple[MachineryFault, ...]:
    return (replace(MachineryFault(at, (on,), kind, region=region), **more),)


def _that_run(wiring: Wiring, at: timedelta) -> Iterator[Death]:
    for function in wiring.functions:
        dies = _broken(at, MachineryKind.FUNCTION_DIES, function.word, function.region)
        yield Death(f"function `{function.word}`", dies)
    for schedule in wiring.schedules:
        starts = wiring.function(schedule.target_arn.rpartition(":")[2]).word
        silent = _broken(at, MachineryKind.SCHEDULE_SILENT, schedule.word, schedule.region)
        yield Death(f"schedule of `{starts}`", silent)


def _that_carry(wiring: Wiring, at: timedelta) -> Iterator[Death]:
    polled = {poll.queue_arn for poll in wiring.polls}
    for queue in wiring.queues:
        if queue.arn in polled:
            late = _broken(at, MachineryKind.QUEUE_LATE, queue.word, queue.region)
            yield Death(f"polling of queue `{queue.word}`", late)
    for rule in wiring.rules:
        yield Death(f"rule `{rule.word}`", _broken(at, MachineryKind.EVENTS_LOST, rule.word, rule.region))
    for topic in wiring.topics:
        lost = _broken(at, MachineryKind.MESSAGES_LOST, topic.word, region_of(topic.arn))
        yield Death(f"topic `{topic.word}`", lost)
    for alarm in wiring.alarms:
        if not alarm.properties.get("AlarmActions"):
            silent = _broken(at, MachineryKind.ALARM_SILENT, alarm.word, region_of(alarm.arn))
            yield Death(f"alarm `{alarm.word}`", silent)


def _that_keep(wiring: Wiring, at: timedelta) -> Iterator[Death]:
    for stored in wiring.tables:
        kind, region = MachineryKind.CALL_REFUSED, region_of(stored.arn)
        refused = _broken(at, kind, "dynamodb", error="InternalServerError", by=_functions_in(wiring, region))
        yield Death(f"table `{stored.word}`", refused)
    for word, bucket in (("evidence", "evidence"), ("page", "status page")):
        refused = _broken(at, MachineryKind.CALL_REFUSED, "s3", error="AccessDenied", by=(word,))
        yield Death(f"bucket of the {bucket}", refused)
    refused = _broken(
        at, MachineryKind.CALL_REFUSED, "ssm:GetParameter", error="InternalServerError", by=_acting(wiring)
    )
    yield Death("parameter of the kill switch", refused)


def _places(wiring: Wiring, at: timedelta) -> Iterator[Death]:
    for region in wiring.regions:
        yield Death(f"Region `{region}`", _broken(at, MachineryKind.REGION_DARK, region))
    if len(wiring.regions) > 1:
        apart = MachineryFault(at, wiring.regions[:2], MachineryKind.PARTITION)
        yield Death("the way between the Regions", (apart,))


def _functions_in(wiring: Wiring, region: str) -> tuple[str, ...]:
    return tuple(function.word for function in wiring.functions if function.region == region)


def _acting(wiring: Wiring) -> tuple[str, ...]:
    """The functions that read the kill switch."""
    return tuple(f.word for f in wiring.functions if "DEFIB_KILL_SWITCH" in f.environment)


def _told(death: Death, scenario: Scenario, seed: int) -> Told:
    with played(replace(scenario, machinery=death.faults), seed=seed) as world:
        recording = recording_of(world, "kill", seed)
        died = world.breakdowns.all[0].began
        felt = world.breakdowns.all[0].first_hit_at or died
        told = [(m, path) for m in recording.messages if m.at >= died and (path := told_of_defib(m, world))]
    healed = recording.faults[0].healed_at
    late = timedelta.max if healed is None else max(healed - _healed_ordinarily(seed), NOTHING)
    if not told:
        return Told(death.component, "", None, None, (), late)
    first, path = told[0]
    return Told(
        death.component, path, first.at - died, first.at - max(felt, died), tuple(sorted({m.to for m, _ in told})), late
    )


@cache
def _healed_ordinarily(seed: int) -> datetime:
    with played(the_scenario(), seed=seed) as world:
        healed = recording_of(world, "kill", seed).faults[0].healed_at
    assert healed is not None
    return healed


def _said(duration: timedelta) -> str:
    return format_duration(timedelta(seconds=round(duration.total_seconds())))
