"""``python -m tests.bench``: Defib's figures on this machine, beside bare boto3. Exit status 1 when one is missed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict

import msgspec
from rich.console import Console

from defib.aws.clock import SystemClock
from tests.bench import beside, cold, custodian, elapsed, memory, rendering, tables, tower, warm
from tests.bench.figure import Section

Measure = Callable[[int, Callable[[str], None]], tuple[Section, ...]]
MEASURES: Mapping[str, Measure] = {
    "cold": cold.measure,
    "warm": warm.measure,
    "custodian": custodian.measure,
    "memory": memory.measure,
    "watchtower": tower.measure,
    "bundle": beside.bundled,
    "page": rendering.measure,
    "replay": elapsed.replayed,
    "suite": elapsed.tested,
}
LONG = "suite"
"""Only when asked for."""
RUNS = {"cold": 15, "warm": 21, "custodian": 7, "memory": 3, "watchtower": 7, "page": 5}


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    console = Console(stderr=True)
    today = SystemClock().now().date()
    sections: list[Section] = []
    places: dict[str, str] = {}
    for name in chosen.only or [name for name in MEASURES if name != LONG]:
        where = tables.circumstances(today, os.getloadavg()[0])
        with console.status("measuring") as status:
            measured = MEASURES[name](chosen.runs or RUNS.get(name, 1), lambda what: status.update(f"measuring {what}"))
        sections += measured
        if chosen.write:
            tables.write(measured, where)
        if not chosen.json:
            for section in measured:
                Console().print(tables.in_terminal(section))
            print(where)
        places |= {section.name: where for section in measured}
    if chosen.json:
        print(msgspec.json.encode(_document(sections, places)).decode())
    return 1 if any(figure.holds is False for section in sections for figure in section.figures) else 0


def _document(sections: list[Section], measured: Mapping[str, str]) -> dict[str, object]:
    return {
        section.name: {
            "measured": measured[section.name],
            "figures": [{**asdict(figure), "ratio": figure.ratio, "holds": figure.holds} for figure in section.figures],
        }
        for section in sections
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Defib's figures on this machine.")
    parser.add_argument("--only", nargs="+", choices=MEASURES, help=f"what to measure; {LONG} only when named here")
    parser.add_argument("--runs", type=int, metavar="N", help="how often each is measured, for the median")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--write", action="store_true", help="renew the tables in docs/measurements.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
