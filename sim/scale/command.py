"""``python -m sim scale``: how sweeps, storms, queues and memory grow with the size of the fleet."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sim.replay import ROOT
from sim.scale.chart import Series, drawn
from sim.scale.measure import NotMeasured, Replayed, Stormed, replayed, stormed

SIZES = (10, 100, 1_000, 10_000, 100_000)
SHARES = (0.01, 0.10)
"""Of the fleet, one instance at least, that fail in a storm."""
LARGE_SHARE_MOST = 10_000
"""The largest fleet of which a tenth fails: what is beyond it takes hours of processor time."""
REPLAYED_MOST = 10_000
"""The largest fleet on the simulated AWS."""

Amounts = Mapping[str, tuple[str, str]]
"""By field: what it is, and in what unit."""
STORM: Amounts = {
    "drained_min": ("Drained in", "virtual minutes"),
    "deepest_queue": ("Deepest queue", "messages"),
    "sweep_ms": ("Sweep, median", "ms"),
    "invocations": ("Invocations", "in all"),
    "calls": ("EC2 calls", "in all"),
    "throttled": ("Throttled", "calls"),
    "processor_s": ("Processor", "s"),
    "memory_mb": ("Memory", "MB"),
}
REPLAY: Amounts = {
    "ec2_calls_a_sweep": ("EC2 calls of a sweep", "calls"),
    "sweep_s": ("Sweep lasts", "virtual seconds"),
    "calls": ("Calls in 10 minutes", "calls"),
    "processor_s": ("Processor", "s"),
    "memory_mb": ("Memory", "MB"),
}

REPLAY_MB, STORM_MB = 1_000.0, 4_000.0
"""Limits of memory: the largest fleet replayed, and the largest in memory."""

DOCUMENT = ROOT / "docs" / "scale.md"
PICTURE = ROOT / "docs" / "scale.svg"


@dataclass(frozen=True, slots=True)
class Measured:
    """All sizes."""

    storms: tuple[tuple[float, tuple[Stormed, ...]], ...]
    """By share of the fleet that fails."""
    replays: tuple[Replayed, ...]

    def missed(self) -> Iterator[str]:
        """Every limit that was exceeded."""
        took = [(f"{r.instances:,} instances replayed", r.memory_mb, REPLAY_MB) for r in self.replays]
        took += [(f"{s.instances:,} instances in memory", s.memory_mb, STORM_MB) for _, of in self.storms for s in of]
        for what, megabytes, limit in took:
            if megabytes > limit:
                yield f"{what} took {megabytes:.0f} MB, more than {limit:.0f} MB"


def main(most: int, as_json: bool, write: bool) -> int:
    """The command; exit status 1 where a limit is exceeded or a size could not be measured.

    2 where a part is to be written for all.
    """
    if write and most < SIZES[-1]:
        print(f"--write renews all of docs/{DOCUMENT.name} and its picture: leave --most out", file=sys.stderr)
        return 2
    try:
        found = measured(most)
    except NotMeasured as error:
        print(error, file=sys.stderr)
        return 1
    if write:
        renew(found, DOCUMENT)
        PICTURE.write_text(picture(found), encoding="utf-8")
    print(json.dumps(asdict(found), indent=2) if as_json else "\n".join(_report(found)))
    missed = list(found.missed())
    print("\n".join(missed), file=sys.stderr, end="\n" if missed else "")
    return 1 if missed else 0


def measured(most: int) -> Measured:
    """Every size up to ``most``. Raises NotMeasured."""
    sizes = [size for size in SIZES if size <= most]
    storms = tuple(
        (share, tuple(stormed(n, share) for n in sizes if share == SHARES[0] or n <= LARGE_SHARE_MOST))
        for share in SHARES
    )
    replays = [n for n in sizes if n <= REPLAYED_MOST]
    # The first replay of a policy synthesizes its template, which would be counted as the smallest fleet's.
    for n in replays[:1]:
        replayed(n)
    return Measured(storms, tuple(replayed(n) for n in replays))


def series_of(name: str, measured: Sequence[Stormed] | Sequence[Replayed], amounts: Amounts) -> tuple[Series, ...]:
    """What is fitted, for the tables and the picture alike; ``name`` is of all of them."""
    return tuple(
        Series(f"{what}, {name}", unit, tuple((m.instances, float(getattr(m, field))) for m in measured))
        for field, (what, unit) in amounts.items()
    )


def picture(found: Measured) -> str:
    """The chart of ``docs/scale.md``: all that the tables say the growth of."""
    storms = [series_of(f"1 in {1 / share:.0f}", of, STORM) for share, of in found.storms]
    every = [series for some in (*storms, series_of("replay", found.replays, REPLAY)) for series in some]
    return drawn([series for series in every if series.growth], "How Defib grows with the fleet")


def renew(found: Measured, document: Path) -> None:
    """Write the tables between their markers. Raises LookupError where one is missing."""
    text = document.read_text(encoding="utf-8")
    for name, lines in tables(found).items():
        start, end = f"<!-- measured: {name} -->", "<!-- end -->"
        text, replaced = re.subn(
            f"{re.escape(start)}.*?{re.escape(end)}", "\n".join((start, *lines, end)), text, flags=re.DOTALL
        )
        if replaced != 1:
            raise LookupError(f"{document.name} needs one place between {start} and {end}; it has {replaced}")
    document.write_text(text, encoding="utf-8")


def tables(found: Measured) -> dict[str, list[str]]:
    """By marker."""
    where = f"*Python {platform.python_version()}, {platform.machine()}, one of {os.cpu_count()} processors*"
    storms = {
        f"storm-{share:.0%}".replace("%", ""): [*_table(_storm_rows(of)), "", where] for share, of in found.storms
    }
    return {**storms, "replay": [*_table(_replay_rows(found.replays)), "", where]}


def _storm_rows(storms: Sequence[Stormed]) -> Iterator[list[str]]:
    yield [
        "instances",
        "failing",
        "drained in",
        "deepest queue",
        "sweep, median",
        "invocations",
        "EC2 calls",
        "throttled",
        "processor",
        "memory",
    ]
    for s in storms:
        yield [
            f"{s.instances:,}",
            f"{s.failing:,}",
            f"{s.drained_min:.0f} min",
            f"{s.deepest_queue:,}",
            f"{s.sweep_ms:.2f} ms",
            f"{s.invocations:,}",
            f"{s.calls:,}",
            f"{s.throttled:,}",
            f"{s.processor_s:.1f} s",
            f"{s.memory_mb:.0f} MB",
        ]
    # Of how many fail, nothing is to be said: it is given.
    yield from ([first, "", *rest] for first, *rest in _grows(series_of("", storms, STORM)))


def _replay_rows(replays: Sequence[Replayed]) -> Iterator[list[str]]:
    yield [
        "instances",
        "EC2 calls of a sweep",
        "sweep lasts",
        "calls in 10 min, one heal among them",
        "processor",
        "memory",
    ]
    for r in replays:
        yield [
            f"{r.instances:,}",
            f"{r.ec2_calls_a_sweep:.1f}",
            f"{r.sweep_s:.2f} s",
            f"{r.calls:,}",
            f"{r.processor_s:.1f} s",
            f"{r.memory_mb:.0f} MB",
        ]
    yield from _grows(series_of("", replays, REPLAY))


def _grows(every: Sequence[Series]) -> Iterator[list[str]]:
    yield ["*grows with*", *(series.growth for series in every)]
    yield ["*the last tenfold*", *(series.last for series in every)]


def _table(rows: Iterator[list[str]]) -> Iterator[str]:
    head = next(rows)
    yield "| " + " | ".join(head) + " |"
    yield "|" + " ---: |" * len(head)
    yield from ("| " + " | ".join(row) + " |" for row in rows)


def _report(found: Measured) -> Iterator[str]:
    for name, lines in tables(found).items():
        yield f"{name}:"
        yield from lines
        yield ""
