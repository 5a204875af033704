"""A hang at each single call in turn: what it delays, and whether staff hear of what can't be done.

``python -m sim hang SCENARIO`` runs all of it; tests/sim/test_hang.py a table of the riskiest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sim.machinery import MachineryFault, MachineryKind
from sim.outcome import recording_of
from sim.replay import played
from sim.scenario import Scenario
from sim.told import about_defib
from sim.world import World

K = TypeVar("K")

BOUND = timedelta(minutes=2)
"""A call that nothing ever answers delays neither another instance's repair nor any alert by more than this.

Its client's deadlines, the end of its message's invisibility, and one sweep: docs/watching.md.
"""
TOLD_WITHIN = timedelta(minutes=4)
"""Where a hang keeps something from being done in time, staff hear of it within this from its first call on."""
LONGER = timedelta(minutes=5)
"""How much longer than its scenario a replay lasts: what a hang delays by a climb of the ladder has time to be told."""
LASTS = timedelta(minutes=30)
BEGINS = timedelta(0)


@dataclass(frozen=True, slots=True)
class Hang:
    """Which call is never answered."""

    function: str
    call: str
    nth: int
    """The how-manieth; 0: each of them, for LASTS."""

    @property
    def fault(self) -> MachineryFault:
        fault = MachineryFault(BEGINS, (self.call,), MachineryKind.CALL_HANGS, LASTS, (self.function,))
        return replace(fault, nth=self.nth, times=1) if self.nth else fault

    def __str__(self) -> str:
        return f"{self.function} {self.call} " + (f"no. {self.nth}" if self.nth else "each time")


@dataclass(frozen=True, slots=True)
class Course:
    """How a replay went, as far as a hang can change it."""

    healed_at: dict[str, datetime]
    """By instance; one that was not healed is missing."""
    told_at: dict[tuple[str, str], datetime]
    """By incident and notice, when its first message arrived."""
    alerts: tuple[datetime, ...]
    """When messages arrived that something is wrong with Defib."""
    errors: tuple[str, ...]
    calls: dict[tuple[str, str], int]
    """How many a function made, by its word and the call."""
    began_at: datetime | None
    """When the first call hung."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one hang did."""

    hang: Hang
    heals_late: timedelta
    """The most that any instance's healing was late; where one call alone hung, any other instance's than its own."""
    tells_late: timedelta
    """The most that any notice was late; of another incident, as above."""
    undone: tuple[str, ...]
    """What was not healed, or not told, while the replay lasted."""
    alerted_after: timedelta | None
    """From the first hanging call until staff heard that something is wrong."""
    errors: tuple[str, ...]

    @property
    def is_harmless(self) -> bool:
        """Whether nothing was late beyond BOUND, or staff were told of what could not be done; and nothing died."""
        late = self.undone or max(self.heals_late, self.tells_late) > BOUND
        told = self.alerted_after is not None and self.alerted_after <= TOLD_WITHIN
        return not self.errors and (not late or (told and not self.hang.nth))

    def __str__(self) -> str:
        late = f"heals {_seconds(self.heals_late)} late, tells {_seconds(self.tells_late)} late"
        undone = f"; undone: {', '.join(self.undone)}" if self.undone else ""
        alerted = f"; staff told after {_seconds(self.alerted_after)}" if self.alerted_after is not None else ""
        errors = f"; {self.errors[0]} ({len(self.errors)} times)" if self.errors else ""
        return f"{self.hang}: {late}{undone}{alerted}{errors}"


def course(scenario: Scenario, hang: Hang | None = None) -> Course:
    """Replay ``scenario``, perhaps with a hang in it."""
    machinery = (*scenario.machinery, hang.fault) if hang is not None else scenario.machinery
    broken = replace(scenario, machinery=machinery, until=scenario.until + LONGER)
    with played(broken) as world:
        return _course(world)


def hangs(undisturbed: Course, first: int) -> tuple[Hang, ...]:
    """Each call of each function: always, and each of its ``first`` occurrences alone."""
    return tuple(
        Hang(function, call, nth)
        for (function, call), made in sorted(undisturbed.calls.items())
        for nth in range(min(first, made) + 1)
    )


def effect(hang: Hang, undisturbed: Course, scenario: Scenario) -> Effect:
    """What ``hang`` makes of ``scenario``."""
    disturbed = course(scenario, hang)
    # Whatever people would not have read without the hang tells them of it: an alarm, or that a repair waits.
    more = [at for told, at in disturbed.told_at.items() if told not in undisturbed.told_at]
    alerted = min((at - disturbed.began_at for at in (*disturbed.alerts, *more) if disturbed.began_at), default=None)
    return Effect(
        hang,
        _latest(_delays(undisturbed.healed_at, disturbed.healed_at, str), alone=bool(hang.nth)),
        _latest(_delays(undisturbed.told_at, disturbed.told_at, lambda told: told[0]), alone=bool(hang.nth)),
        tuple(_missing(undisturbed, disturbed)),
        alerted,
        disturbed.errors,
    )


def _course(world: World) -> Course:
    recording = recording_of(world, "hang", world.scenario.seed)
    told: dict[tuple[str, str], datetime] = {}
    for message in recording.messages:
        if message.incident_id:
            told.setdefault((message.incident_id, message.notice), message.at)
    began = [one.first_hit_at for one in world.breakdowns.all if one.first_hit_at is not None]
    return Course(
        {fault.name: fault.healed_at for fault in recording.faults if fault.healed_at is not None},
        told,
        tuple(m.at for m in recording.messages if about_defib(m, world)),
        recording.totals.errors,
        dict(world.recorder.ledger.made),
        min(began, default=None),
    )


def _delays(before: Mapping[K, datetime], after: Mapping[K, datetime], of: Callable[[K], str]) -> list[timedelta]:
    """By what ``of`` tells, the greatest first."""
    found: dict[str, timedelta] = {}
    for key, at in before.items():
        if key in after:
            found[of(key)] = max(found.get(of(key), timedelta(0)), after[key] - at)
    return sorted(found.values(), reverse=True)


def _latest(delays: Sequence[timedelta], *, alone: bool) -> timedelta:
    """The greatest; where one call alone hung, the greatest after that of whose call it was."""
    return next(iter(delays[1:] if alone else delays), timedelta(0))


def _missing(before: Course, after: Course) -> Iterator[str]:
    yield from (f"{name} not healed" for name in before.healed_at if name not in after.healed_at)
    yield from (
        f"{incident} {notice} not told"
        for incident, notice in before.told_at
        if (incident, notice) not in after.told_at
    )


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():.0f} s"
