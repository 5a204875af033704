"""``python -m sim fuzz --speed``: whole incidents a second of processor time, and how that grows with the fleet."""

from __future__ import annotations

import platform
import sysconfig
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median

from defib.core.parse import parse
from sim.faults import FaultKind
from sim.fuzz.draw import START, draw
from sim.fuzz.run import lived, quick
from sim.fuzz.story import Story
from sim.fuzz.world import World
from sim.scale.growth import Point, fitted
from sim.scenario import Fault, Fleet, Scenario

TIMES = 5
"""How often each figure is measured; the median is reported."""
SEEDS = 200
OPTIMIZES = ("--enable-optimizations", "--with-lto")
"""What configures CPython to be built by a profile of its own, and as one whole."""
SIZES = (5, 20, 50, 100, 200, 500)
"""Instances of a fleet of which one in five fails within ten minutes."""
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


def incidents(world: World) -> int:
    """Failures that were confirmed, each with its case to its end."""
    return sum(1 for case in world.store.cases.values() if case.confirmed_at is not None)


def measured(stories: Sequence[Story], times: int = TIMES) -> tuple[int, float]:
    """How many incidents the stories held, and the processor seconds that it took to live through them.

    The median of so many ``times``: other work on the machine makes any one of them longer.
    """
    found, took = 0, []
    with quick():
        for _ in range(times):
            began = time.process_time()
            found = sum(incidents(lived(story)[0]) for story in stories)
            took.append(time.process_time() - began)
    return found, median(took)


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


def report(first: int) -> Iterator[str]:
    """The figures, line by line."""
    yield f"{interpreter(sysconfig.get_config_var('CONFIG_ARGS'))}."
    stories = [draw(seed) for seed in range(first, first + SEEDS)]
    found, seconds = measured(stories)
    yield f"Incidents a second of processor time, the median of {TIMES} times:"
    yield f"{SEEDS} drawn stories, {found} incidents: {found / seconds:.0f}"
    points: list[Point] = []
    for size in SIZES:
        found, seconds = measured([of_size(size)] * max(1, 500 // size))
        points.append((float(size), seconds / found))
        yield f"plain heals, fleet of {size}: {found / seconds:.0f}"
    growth = fitted(points)
    if growth is not None:
        yield f"The time for one incident grows as the number of instances to the power of {growth.exponent:.2f}."
