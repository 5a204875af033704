"""``python -m sim compare``: the comparison in the terminal, as JSON, and renewed in docs/."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid

from defib.core.mistake import PolicyError
from defib.core.parse import parse as parse_policy
from infra.operator_error import OperatorError
from sim.compare import picture, tables
from sim.compare.calls import counted
from sim.compare.fault_class import CLASSES, class_named
from sim.compare.rivals.custodian import Asked, NoCustodian, keep
from sim.compare.run import Comparison, compare
from sim.whole_number import whole_number

SEEDS = 40
REPLAYS = 5
_SEEDS = whole_number("number of trials", 1, 10_000, f", such as {SEEDS}")
_REPLAYS = whole_number("number of replays", 0, 10_000, "; 0 is none")
PICTURE = tables.DOCUMENT.with_suffix(".svg")


def options(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    command.add_argument("--seeds", type=_SEEDS, default=SEEDS, metavar="N", help=f"trials of each ({SEEDS})")
    command.add_argument("--replays", type=_REPLAYS, default=REPLAYS, metavar="N", help=f"of them on moto ({REPLAYS})")
    command.add_argument("--only", choices=[c.name for c in CLASSES], metavar="FAULT", help="such as zombie; else all")
    command.add_argument("--calls", action="store_true", help="only count the calls of an idle minute and of a heal")
    command.add_argument("--policy", type=Path, metavar="FILE", help="another policy for Defib than each fault's own")
    command.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    command.add_argument("--out", type=Path, metavar="DIR", help="write comparison.json and comparison.svg there")
    command.add_argument("--write", action="store_true", help="renew docs/comparison.md and docs/comparison.svg")


def main(chosen: argparse.Namespace) -> int:
    """Exit status 0; 1 where a limit that it shows is missed; 2 without Cloud Custodian, or with something to mend."""
    part = chosen.only is not None or chosen.policy is not None
    if chosen.calls and part:
        print("--calls counts those of zombie with the shipped policy: leave --only and --policy out", file=sys.stderr)
        return 2
    if chosen.calls:
        return _of_calls(chosen)
    if part and chosen.write:
        print("--write renews all of docs/comparison.md: leave --only and --policy out", file=sys.stderr)
        return 2
    try:
        found = _found(chosen)
    except PolicyError as error:
        print(error.told(str(chosen.policy or "defib.toml")), file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename or chosen.policy}: {error.strerror or error}", file=sys.stderr)
        return 2
    except (NoCustodian, OperatorError) as error:
        print(error, file=sys.stderr)
        return 2
    found = replace(found, calls=counted()) if chosen.replays and not part else found
    if chosen.json:
        print(_document(found))
    else:
        _show(found)
    if chosen.out is not None:
        chosen.out.mkdir(parents=True, exist_ok=True)
        (chosen.out / "comparison.json").write_text(_document(found) + "\n", encoding="utf-8")
        (chosen.out / "comparison.svg").write_text(picture.draw(found), encoding="utf-8")
    if chosen.write:
        tables.write(found, _made(found))
        PICTURE.write_text(picture.draw(found), encoding="utf-8")
    for line in tables.left_out(found):
        print(line, file=sys.stderr)
    missed = list(tables.missed(found))
    print("\n".join(missed), file=sys.stderr, end="\n" if missed else "")
    return 1 if missed else 0


def _of_calls(chosen: argparse.Namespace) -> int:
    """The same for the calls alone: they take no comparison."""
    found = Comparison(0, 0, (), counted())
    if chosen.json:
        print(_document(found))
    else:
        _show(found)
    if chosen.write:
        tables.write(found, "python -m sim compare --calls --write", only="calls")
    return 0


def _found(chosen: argparse.Namespace) -> Comparison:
    classes = CLASSES if chosen.only is None else (class_named(chosen.only),)
    policy: Path | None = chosen.policy.resolve() if chosen.policy is not None else None
    if policy is not None:
        # A mistake in it is told before an installation that it may not be worth.
        parse_policy(policy.read_text(encoding="utf-8"))
    with Asked() as custodian, Console(stderr=True).status("comparing") as now:
        found = compare(
            chosen.seeds,
            chosen.replays,
            custodian,
            classes,
            policy,
            tell=lambda what: now.update(f"comparing: {what}"),
        )
        if chosen.write:
            keep(custodian.answers)
    return found


def _made(found: Comparison) -> str:
    return f"python -m sim compare --seeds {found.seeds} --replays {found.replays} --write"


def _show(found: Comparison) -> None:
    console = Console(width=None if sys.stdout.isatty() else 240)
    for table in tables.tables(found):
        if table.name in ("classes", "agents") or not table.rows:
            continue
        grid = Grid(title=table.title, title_justify="left", title_style="bold", show_lines=True)
        for name in table.head:
            grid.add_column(name)
        for row in table.rows:
            grid.add_row(*row)
        console.print(grid)
    console.print("What each agent is and does here: docs/comparison.md")


def _document(found: Comparison) -> str:
    return json.dumps(asdict(found), default=_plain, indent=2)


def _plain(value: object) -> object:
    """Durations as seconds."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"{type(value).__name__} in the comparison")
