"""``python -m sim fuzz --speed``: whole incidents a second of processor time, and how that grows with the fleet.

Seconds depend on the machine and on what else it does. What a heal may take is therefore held in function calls.
"""

from __future__ import annotations

import json
import platform
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from statistics import median

from defib.core.parse import parse
from sim.faults import FaultKind
from sim.fuzz.draw import START, draw
from sim.fuzz.run import lived, quick
from sim.fuzz.story import Story
from sim.fuzz.world import World
from sim.scale.growth import fitted
from sim.scenario import Fault, Fleet, Scenario

TIMES = 5
"""How often each figure is measured; the median is reported."""
SEEDS = 200
OPTIMIZES = ("--enable-optimizations", "--with-lto")
"""What configures CPython to be built by a profile of its own, and as one whole."""
SIZES = (5, 20, 50, 100, 200, 500)
"""Instances of a fleet of which one in five fails within ten minutes."""
COUNTED = 20
"""Instances of the fleet in which the calls of a heal are counted."""
CALLS_MOST = 11_700
"""Function calls, Python's and C's, that one plain heal may take there."""
POLICY = """
[defib]
opt_in_tag = "self-heal=true"
[limits]
share = 100
rate = 1000
zone_share = 100
[services.s0]
match = { service = "s0" }
mode = "heal"
concurrent_repairs = 100
tell = ["oncall"]
[contacts.oncall]
email = ["oncall@example.com"]
"""


Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rate:
    """What one measurement came to."""

    what: str
    incidents: int
    seconds: float
    """Of processor time, for all of them."""

    @property
    def a_second(self) -> float:
        return self.incidents / self.seconds

    def __str__(self) -> str:
        return f"{self.what}: {self.a_second:.0f}"


@dataclass(frozen=True, slots=True)
class Speed:
    """All of them."""

    python: str
    times: int
    """Of which each rate is the median."""
    rates: tuple[Rate, ...]
    growth: float | None
    """The exponent with which the time for one plain heal grows with the fleet."""
    calls: int
    calls_most: int


def incidents(world: World) -> int:
    """Failures that were confirmed, each with its case to its end."""
    return sum(1 for case in world.store.cases.values() if case.confirmed_at is not None)


def _silent(_: str) -> None:
    """Says it to nobody."""


def measured(what: str, stories: Sequence[Story], times: int, say: Say = _silent) -> Rate:
    """How many incidents the stories held, and the processor seconds that it took to live through them.

    The median of so many ``times``: other work on the machine makes any one of them longer.
    """
    found, took = 0, []
    with quick():
        for number in range(times):
            say(f"{what}: {number + 1} of {times} times")
            began = time.process_time()
            found = sum(incidents(lived(story)[0]) for story in stories)
            took.append(time.process_time() - began)
    return Rate(what, found, median(took))


def calls_of_a_heal(instances: int = COUNTED) -> int:
    """How many functions, Python's and C's, are called for one plain heal in a fleet of that size, its share of all.

    The same on every machine; what is remembered from story to story, such as time zones, is so before.
    """
    story, count = of_size(instances), 0

    def counted(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    with quick():
        lived(story)
        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            world, _ = lived(story)
        finally:
            sys.setprofile(before)
    return count // incidents(world)


def of_size(instances: int) -> Story:
    """One story of a fleet of so many instances."""
    names = [f"f0-{number}" for number in range(1, instances + 1, 5)]
    gap = timedelta(minutes=10) / len(names)
    faults = tuple(
        Fault(timedelta(seconds=30) + gap * n, (name,), FaultKind.HUNG_KERNEL) for n, name in enumerate(names)
    )
    scenario = Scenario("Speed", "Measured.", START, timedelta(minutes=20), (Fleet("f0", instances, service="s0"),))
    return Story(0, replace(scenario, faults=faults), POLICY, parse(POLICY))


def interpreter(configured: str | None) -> str:
    """Which Python this is, and whether it was built to be quick, as far as ``configured`` says: its CONFIG_ARGS.

    A distribution may optimize without a word of it there, as Debian does.
    """
    named = [flag for flag in OPTIMIZES if flag in (configured or "")]
    built = f"built {' '.join(named)}" if named else "whether it was built with optimizations it does not say"
    return f"{platform.python_implementation()} {platform.python_version()}, {built}"


def main(first: int, as_json: bool) -> int:
    """The command; exit status 1 where a plain heal takes more calls than it may. Says each figure once it is there."""
    python = interpreter(sysconfig.get_config_var("CONFIG_ARGS"))
    told: Say = _silent if as_json else lambda line: print(line, flush=True)
    told(f"{python}.")
    calls = calls_of_a_heal()
    told(f"A plain heal in a fleet of {COUNTED}: {calls:,} function calls, of at most {CALLS_MOST:,}.")
    told(f"Incidents a second of processor time, the median of {TIMES} times:")
    rates: list[Rate] = []
    for rate in _rates(first, lambda line: print(line, file=sys.stderr, flush=True)):
        rates.append(rate)
        told(str(rate))
    growth = fitted([(float(size), 1 / rate.a_second) for size, rate in zip(SIZES, rates[1:], strict=True)])
    exponent = growth.exponent if growth is not None else None
    if exponent is not None:
        told(f"The time for one incident grows as the number of instances to the power of {exponent:.2f}.")
    if as_json:
        speed = Speed(python, TIMES, tuple(rates), exponent, calls, CALLS_MOST)
        print(json.dumps(asdict(speed) | {"rates": [asdict(r) | {"a_second": r.a_second} for r in rates]}, indent=2))
    return 1 if calls > CALLS_MOST else 0


def _rates(first: int, say: Say) -> Iterator[Rate]:
    """Of drawn stories, and of plain heals in each size of fleet."""
    yield measured(f"{SEEDS} drawn stories", [draw(seed) for seed in range(first, first + SEEDS)], TIMES, say)
    for size in SIZES:
        yield measured(f"plain heals, fleet of {size}", [of_size(size)] * max(1, 500 // size), TIMES, say)
