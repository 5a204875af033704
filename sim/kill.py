"""Kills each component of the stacks in turn on virtual time: who is told of it, by which path, after how long.

``python -m sim kill`` runs it; the table of docs/watching.md is what it writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from defib.core.duration import format_duration
from sim.machinery import MachineryFault, MachineryKind
from sim.outcome import recording_of
from sim.replay import ROOT, played, world_of
from sim.scenario import Scenario
from sim.scenario_file import load
from sim.template import region_of
from sim.told import told_of_defib
from sim.wiring import Wiring

SCENARIO = ROOT / "scenarios" / "two-in-a-row.toml"
POLICY = "everything"
"""With it every part is deployed that Defib can have."""
SEEDS = (1, 2, 3)
"""The same death at other phases of sweep, alarms and checks; the slowest is what counts."""
BOUND = timedelta(minutes=3)
"""Staff are told of a component's death within this."""
NO_LOSS = timedelta(seconds=1)
"""A death that nobody is told of delays neither a repair nor the word of it by more: it makes no difference."""
CHECK_INTERVAL = timedelta(minutes=1)
"""EC2's (User Guide, Status checks for your instances)."""
WATCHED_FOR = timedelta(minutes=7)
"""From the death on; an ordinary repair takes four minutes."""
NOTHING = timedelta(0)
NOBODY = "nobody"
INSTEAD = {
    "fleet-alarm": "the sweep finds what it would",
    "evidence": "repairs go on, and each e-mail says why there is none",
    "secret of stashboard": "alarm stashboard-secret-unusable tells at the first write that is turned away for it",
    "secret of publish": "the command in each e-mail answers without a link",
    "subscribers": "customers have the page itself, and its feeds",
    "chat": "e-mail and SMS say the same",
}
"""What does as much as a component of which nobody is told that it is dead, by the first part of its word."""
TELLS_OF = {"alerts": "sweep", "findings": "sweep", "heartbeat": "watchtower"}
"""Topics that carry word of Defib's own death and nothing else, and a function whose death it is."""


@dataclass(frozen=True, slots=True)
class Death:
    """One component, and what kills it."""

    component: str
    faults: tuple[MachineryFault, ...]
    instead: str = ""
    """What does the same, where nobody need be told."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one death, at worst."""

    component: str
    path: str
    """What told people first, such as ``alarm sweep-heartbeat``, or ``nobody`` and why that makes no difference."""
    after: timedelta | None
    """From the death until the message was there; None when nobody was told."""
    to: tuple[str, ...]
    """Who was told."""
    late: timedelta
    """How much later than in the ordinary case the failing instance was healed; timedelta.max when it was not."""
    word_late: timedelta
    """How much later people read of the failing instance; timedelta.max when they did not."""

    @property
    def is_good(self) -> bool:
        """Told in time; or a death without which all goes on as before, since what is left does the same."""
        if self.after is not None:
            return self.after <= BOUND
        return self.path != NOBODY and max(self.late, self.word_late) <= NO_LOSS


@dataclass(frozen=True, slots=True)
class Ordinary:
    """How long it takes until the first message about a failing instance is there, at worst, where nothing dies."""

    after_second_sample: timedelta
    """From EC2's second failed sample of a check: EC2 itself calls one no outage."""
    after_confirmation: timedelta
    """From the end of the service's patience."""


def the_scenario() -> Scenario:
    return replace(load(SCENARIO), policy=POLICY)


def deaths(wiring: Wiring, at: timedelta) -> tuple[Death, ...]:
    """Every component, each with the trouble that takes it away for good from ``at`` on: the moment at which the first
    instance fails, so that everything has something to do.

    What has nothing to do but tell of other deaths dies together with one that it would have told of: that it tells
    nothing is seen by nobody, and that another does is what counts.
    """
    return (*_that_run(wiring, at), *_that_carry(wiring, at), *_that_keep(wiring, at), *_places(wiring, at))


def measured(death: Death, scenario: Scenario, seeds: Sequence[int] = SEEDS) -> Told:
    """The slowest of the seeds."""
    each = [_told(death, scenario, seed) for seed in seeds]
    return max(each, key=lambda told: (told.after is None, told.after or NOTHING, told.late, told.word_late))


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


def table(rows: Sequence[Told], where_nothing_dies: Ordinary, seeds: Sequence[int]) -> str:
    """The rows as Markdown."""
    return "\n".join(
        (
            f"The slowest of {_numbers(seeds)}, watched for {_said(WATCHED_FOR)} after the death. In the ordinary case "
            f"the first message is there {_said(where_nothing_dies.after_confirmation)} after a failure is confirmed, "
            f"{_said(where_nothing_dies.after_second_sample)} after EC2's second failed sample.",
            "",
            "| what dies | staff are told first by | after its death | the instance that fails meanwhile |",
            "|---|---|---|---|",
            *(row(one) for one in rows),
        )
    )


def row(told: Told) -> str:
    """One row of the table."""
    after = "–" if told.after is None else _said(told.after)
    came = f"{_lost('healed', told.late)}, {_lost('told of', told.word_late)}"
    return f"| {told.component} | {told.path} | {after} | {came} |"


def _lost(what: str, late: timedelta) -> str:
    if late == timedelta.max:
        return f"not {what}"
    return what if late <= NO_LOSS else f"{what} {_said(late)} late"


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
        yield Death(f"rule `{rule.word}`", _broken(at, MachineryKind.RULE_OFF, rule.word, rule.region))
    for topic in wiring.topics:
        lost = _broken(at, MachineryKind.MESSAGES_LOST, topic.word, region_of(topic.arn))
        instead = INSTEAD.get(topic.word.partition(" ")[0], "")
        yield _with(TELLS_OF.get(topic.word, ""), Death(f"topic `{topic.word}`", lost, instead), at)
    for host in dict.fromkeys(api.host for api in wiring.apis):
        behind = (wiring.function(api.function).word for api in wiring.apis if api.host == host)
        yield Death(f"API before {_named(behind)}", _broken(at, MachineryKind.HTTPS_HANGS, host))
    yield from _that_tell(wiring, at)


def _that_tell(wiring: Wiring, at: timedelta) -> Iterator[Death]:
    """Alarms: one that brings failing instances in, and, all at once, those that tell people in each Region."""
    silent = MachineryKind.ALARM_SILENT
    for alarm in wiring.alarms:
        if not alarm.properties.get("AlarmActions"):
            gone = _broken(at, silent, alarm.word, region_of(alarm.arn))
            yield Death(f"alarm `{alarm.word}`", gone, INSTEAD.get(alarm.word, ""))
    for region, dies in zip(wiring.regions, ("sweep", "watchtower"), strict=False):
        words = tuple(
            alarm.word
            for alarm in wiring.alarms
            if region_of(alarm.arn) == region and alarm.properties.get("AlarmActions")
        )
        every = tuple(fault for word in words for fault in _broken(at, silent, word, region))
        yield _with(dies, Death(f"every alarm about Defib in `{region}`", every), at)


def _with(function: str, death: Death, at: timedelta) -> Death:
    """The same, and the function with it."""
    if not function:
        return death
    both = (*death.faults, *_broken(at, MachineryKind.FUNCTION_DIES, function))
    return Death(f"{death.component}, and with it `{function}`", both)


def _that_keep(wiring: Wiring, at: timedelta) -> Iterator[Death]:
    for stored in wiring.tables:
        kind, region = MachineryKind.CALL_REFUSED, region_of(stored.arn)
        refused = _broken(at, kind, "dynamodb", region, error="InternalServerError")
        yield Death(f"table `{stored.word}`", refused)
    for word, bucket in (("evidence", "evidence"), ("page", "status page")):
        refused = _broken(at, MachineryKind.CALL_REFUSED, "s3", error="AccessDenied", by=(word,))
        yield Death(f"bucket of the {bucket}", refused, INSTEAD.get(bucket, ""))
    refused = _broken(
        at, MachineryKind.CALL_REFUSED, "ssm:GetParameter", error="InternalServerError", by=_acting(wiring)
    )
    yield Death("parameter of the kill switch", refused)
    for secret in wiring.secrets:
        readers = tuple(f.word for f in wiring.functions if secret.arn in f.environment.values())
        refused = _broken(at, MachineryKind.CALL_REFUSED, "secretsmanager", error="InternalServiceError", by=readers)
        yield Death(f"secret of {_named(readers)}", refused, INSTEAD.get(f"secret of {readers[0]}", ""))
    for address in {found for f in wiring.functions if (found := f.environment.get("DEFIB_PAGE_URL", ""))}:
        # The page is first made while the first look is under way: that one finds none, whatever has died.
        silent = _broken(at + CHECK_INTERVAL, MachineryKind.HTTPS_HANGS, address.removeprefix("https://"))
        yield Death("CloudFront before the status page", silent)


def _places(wiring: Wiring, at: timedelta) -> Iterator[Death]:
    for region in wiring.regions:
        yield Death(f"Region `{region}`", _broken(at, MachineryKind.REGION_DARK, region))
    if len(wiring.regions) > 1:
        apart = MachineryFault(at, wiring.regions[:2], MachineryKind.PARTITION)
        yield Death("the way between the Regions", (apart,))


def _numbers(seeds: Sequence[int]) -> str:
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds))}"


def _named(words: Iterable[str]) -> str:
    return " and ".join(f"`{word}`" for word in words)


def _acting(wiring: Wiring) -> tuple[str, ...]:
    """The functions that read the kill switch."""
    return tuple(f.word for f in wiring.functions if "DEFIB_KILL_SWITCH" in f.environment)


def _told(death: Death, scenario: Scenario, seed: int) -> Told:
    with world_of(replace(scenario, machinery=death.faults), seed=seed) as world:
        # No longer: where the dead is missed, cases stay open for hours.
        world.time.run_until(world.scenario.start + death.faults[0].at + WATCHED_FOR)
        recording = recording_of(world, "kill", seed)
        died = world.breakdowns.all[0].began
        told = [(m, path) for m in recording.messages if m.at >= died and (path := told_of_defib(m, world))]
    healed, announced = _ordinarily(seed)
    first = recording.faults[0]
    late, word_late = _late(first.healed_at, healed), _late(first.announced_at, announced)
    if not told:
        path = f"{NOBODY}: {death.instead}" if death.instead else NOBODY
        return Told(death.component, path, None, (), late, word_late)
    message, path = told[0]
    to = tuple(sorted({m.to for m, _ in told}))
    return Told(death.component, path, message.at - died, to, late, word_late)


def _late(at: datetime | None, ordinarily: datetime) -> timedelta:
    return timedelta.max if at is None else max(at - ordinarily, NOTHING)


@cache
def _ordinarily(seed: int) -> tuple[datetime, datetime]:
    """When the first instance that fails is healed, and when people read of it, where nothing dies."""
    with played(the_scenario(), seed=seed) as world:
        first = recording_of(world, "kill", seed).faults[0]
    assert first.healed_at is not None
    assert first.announced_at is not None
    return first.healed_at, first.announced_at


def _said(duration: timedelta) -> str:
    return format_duration(timedelta(seconds=round(duration.total_seconds())))
