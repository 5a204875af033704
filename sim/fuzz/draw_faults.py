"""What breaks in a story: every kind of fault that scenarios know, alone, overlapping, again and again, in storms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from sim.faults import CURED_BY_TIME, Cure, EventCode, FaultKind
from sim.scenario import Fault, Fleet

STRIKES = {
    FaultKind.ZOMBIE: 8,
    FaultKind.HUNG_KERNEL: 6,
    FaultKind.SYSTEM_IMPAIRED: 4,
    FaultKind.EBS_IMPAIRED: 2,
    FaultKind.APPLICATION_DOWN: 4,
    FaultKind.DEAD_ON_ARRIVAL: 1,
    FaultKind.NEVER_BOOTS: 1,
    FaultKind.STOPPED_UNASKED: 4,
    FaultKind.STOPPED_BY_PERSON: 2,
    FaultKind.STARTED_BY_PERSON: 1,
    FaultKind.TERMINATED: 1,
    FaultKind.FAILED_SAMPLE: 4,
    FaultKind.START_CAPACITY: 2,
    FaultKind.FAILING_KEY: 1,
    FaultKind.STUCK_STOPPING: 2,
    FaultKind.STUCK_PENDING: 1,
    FaultKind.EVENT_ANNOUNCED: 2,
    FaultKind.AWS_MAINTENANCE: 1,
}
"""How often each kind is drawn."""
OF_A_STORM = (FaultKind.SYSTEM_IMPAIRED, FaultKind.ZOMBIE, FaultKind.HUNG_KERNEL, FaultKind.APPLICATION_DOWN)
HINDERS = (
    FaultKind.START_CAPACITY,
    FaultKind.START_CAPACITY,
    FaultKind.STUCK_STOPPING,
    FaultKind.NEVER_BOOTS,
    FaultKind.FAILING_KEY,
)
"""What keeps a stop and start from being the end of it."""
MEDDLED = (FaultKind.STOPPED_BY_PERSON, FaultKind.STARTED_BY_PERSON)


@dataclass(frozen=True, slots=True)
class Struck:
    """One instance that something may strike."""

    name: str
    zone: str


def instances_of(fleets: Sequence[Fleet]) -> list[Struck]:
    return [Struck(f"{f.name}-{n + 1}", f.zones[n % len(f.zones)]) for f in fleets for n in range(f.count)]


def faults_of(fleets: Sequence[Fleet], until: timedelta, random: Random) -> tuple[Fault, ...]:
    """The faults of a story, in the order in which they strike."""
    instances = instances_of(fleets)
    found = list(_scattered(instances, until, random))
    if random.random() < 0.2:
        found += _storm(instances, until, random)
    struck = [fault for fault in found if fault.kind is not FaultKind.DEAD_ON_ARRIVAL]
    if struck and random.random() < 0.3:
        found += _again(random.choice(struck), until, random)
    if struck and random.random() < 0.3:
        hindered = random.choice(struck)
        found += _hindered(hindered, random)
        struck.append(hindered)
    if struck and random.random() < 0.3:
        found += _meddled(struck[-1] if random.random() < 0.5 else random.choice(struck), random)
    launched = {name for fault in found if fault.kind is FaultKind.DEAD_ON_ARRIVAL for name in fault.on}
    kept = [f for f in found if f.at < until and (f.kind is FaultKind.DEAD_ON_ARRIVAL or not launched & {*f.on})]
    return tuple(sorted(kept, key=lambda fault: fault.at))


def _scattered(instances: Sequence[Struck], until: timedelta, random: Random) -> Iterator[Fault]:
    wanted = random.choices((1, 2, 3, 5, 8, 12), (3, 4, 4, 4, 2, 2))[0]
    within = timedelta(seconds=random.randint(30, 600)) if random.random() < 0.3 else until * 0.7
    launched: set[str] = set()
    for _ in range(wanted):
        kind = random.choices(list(STRIKES), list(STRIKES.values()))[0]
        on = random.choice(instances).name
        if kind is FaultKind.DEAD_ON_ARRIVAL and on in launched:
            continue
        launched |= {on} if kind is FaultKind.DEAD_ON_ARRIVAL else set()
        at = timedelta(seconds=random.randint(30, max(31, int(within.total_seconds()))))
        yield _fault(kind, on, at, random)


def _fault(kind: FaultKind, on: str, at: timedelta, random: Random) -> Fault:
    lasts = timedelta(seconds=random.randint(20, 1800)) if random.random() < 0.2 else None
    fault = Fault(
        at=at, on=(on,), kind=kind, cured_by=_cures(kind, random), after=random.choice((1, 1, 1, 2)), lasts=lasts
    )
    if kind is FaultKind.FAILED_SAMPLE:
        # A check may be wrong for long, while all that it is about works.
        return replace(fault, after=random.choice((1, 2, 5, 20)), cured_by=None)
    if kind is FaultKind.EVENT_ANNOUNCED:
        event, due_in = random.choice(list(EventCode)), timedelta(minutes=random.randint(2, 40))
        return replace(fault, event=event, due_in=due_in, cured_by=None)
    if kind is FaultKind.AWS_MAINTENANCE:
        return replace(fault, lasts=timedelta(minutes=random.randint(3, 20)), cured_by=None)
    return fault


def _cures(kind: FaultKind, random: Random) -> tuple[Cure, ...] | None:
    """What usually ends it, or only something else, or nothing."""
    if random.random() < 0.85 or kind in CURED_BY_TIME:
        return None
    stops = (Cure.FORCE_STOP, Cure.SKIP_OS_SHUTDOWN)
    possible = stops if kind is FaultKind.STUCK_STOPPING else (Cure.REBOOT, Cure.RESTART)
    return tuple(cure for cure in possible if random.random() < 0.4)


def _storm(instances: Sequence[Struck], until: timedelta, random: Random) -> Iterator[Fault]:
    """Most of what runs in one zone fails within two minutes, as when the zone itself is in trouble."""
    zone, kind = random.choice(instances).zone, random.choice(OF_A_STORM)
    begins = random.randint(60, int(until.total_seconds() * 0.5))
    lasts = timedelta(minutes=random.randint(5, 25)) if random.random() < 0.6 else None
    for struck in instances:
        if struck.zone == zone and random.random() < 0.9:
            at = timedelta(seconds=begins + random.randint(0, 120))
            yield Fault(at=at, on=(struck.name,), kind=kind, lasts=lasts)


def _again(fault: Fault, until: timedelta, random: Random) -> Iterator[Fault]:
    """What was cured comes back, time and again."""
    at = fault.at
    for _ in range(random.randint(1, 3)):
        at += timedelta(minutes=random.randint(10, 20))
        if at < until:
            yield replace(fault, at=at, kind=random.choice(OF_A_STORM), cured_by=None, lasts=None)


def _hindered(fault: Fault, random: Random) -> Iterator[Fault]:
    """What is struck needs to be stopped and started, and that goes wrong, too: for a few tries, or for many."""
    yield Fault(at=fault.at, on=fault.on, kind=FaultKind.SYSTEM_IMPAIRED, cured_by=random.choice((None, ())))
    yield Fault(at=fault.at, on=fault.on, kind=random.choice(HINDERS), after=random.choice((1, 3, 10, 40)))
    if random.random() < 0.3:
        at = fault.at + timedelta(seconds=random.randint(200, 900))
        yield Fault(at=at, on=fault.on, kind=FaultKind.STARTED_BY_PERSON)


def _meddled(fault: Fault, random: Random) -> Iterator[Fault]:
    """Somebody turns to the instance while Defib is at it."""
    at = fault.at + timedelta(seconds=random.randint(60, 900))
    yield Fault(at=at, on=fault.on, kind=random.choice(MEDDLED))
