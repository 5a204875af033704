"""``python -m sim hang`` and ``python -m sim kill``: the proofs that go through every call and every component."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from sim import hang, kill
from sim.replay import POLICIES, POLICY, ROOT, wiring_for
from sim.scenario_file import load
from sim.whole_number import COUNT

DOCUMENT = ROOT / "docs" / "watching.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Both commands, for the parser of ``python -m sim``."""
    one = commands.add_parser("hang", help="let one call after the other go unanswered, and measure what it delays")
    one.add_argument("scenario", type=Path, nargs="?", default=kill.SCENARIO, metavar="SCENARIO")
    one.add_argument(
        "--first",
        type=COUNT,
        default=0,
        metavar="N",
        help="each call's first N occurrences, one at a time",
    )
    other = commands.add_parser("kill", help="have one component of Defib after the other die: who is told, and when")
    other.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    other.add_argument("--write", action="store_true", help="write the table into docs/watching.md")
    other.add_argument("--only", default="", metavar="WORDS", help="only components whose names hold these words")
    other.add_argument("--seeds", type=COUNT, default=len(kill.SEEDS), metavar="N", help="how often each dies (3)")


def run(chosen: argparse.Namespace) -> int:
    """The exit status. Raises ScenarioError or OperatorError for a file to mend, and OSError."""
    return COMMANDS[chosen.command](chosen)


def run_hang(chosen: argparse.Namespace) -> int:
    """Exit status 1 if any hang did more harm than it may."""
    scenario = load(chosen.scenario)
    undisturbed = hang.course(scenario)
    harmful = 0
    for one in hang.hangs(undisturbed, chosen.first):
        found = hang.effect(one, undisturbed, scenario)
        harmful += not found.is_harmless
        print("  " if found.is_harmless else "✗ ", found, sep="", flush=True)
    print(f"{harmful} hangs delay more than {hang.BOUND.total_seconds():.0f} s, or are not told of")
    return 1 if harmful else 0


def run_kill(chosen: argparse.Namespace) -> int:
    """Exit status 1 if anybody hears late, or not at all, where they must; 2 if a part is to be written for all."""
    if chosen.only and chosen.write:
        print("--write renews all of the table in docs/watching.md: leave --only out", file=sys.stderr)
        return 2
    scenario = kill.the_scenario()
    policy = POLICIES / f"{scenario.policy}.toml" if scenario.policy else POLICY
    seeds = range(1, chosen.seeds + 1)
    rows = []
    for death in kill.deaths(wiring_for(policy), scenario.faults[0].at):
        if chosen.only in death.component:
            rows.append(kill.measured(death, scenario, seeds))
            if not chosen.json:
                print(kill.row(rows[-1]), file=sys.stderr, flush=True)
    ordinary = kill.ordinary(scenario, seeds)
    if chosen.json:
        print(
            json.dumps({"ordinary": asdict(ordinary), "deaths": [asdict(row) for row in rows]}, default=str, indent=1)
        )
    if chosen.write:
        _write(kill.table(rows, ordinary, seeds))
    return 0 if all(row.is_good for row in rows) else 1


COMMANDS = {"hang": run_hang, "kill": run_kill}


def _write(table: str) -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
