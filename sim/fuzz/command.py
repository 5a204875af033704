"""``python -m sim fuzz``: the stories of many seeds, the story in a file, or how fast stories are."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sim.fuzz import run, speed
from sim.whole_number import COUNT, SEED, SHARE

SEEDS = 1000


def options(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    command.add_argument("--seeds", type=COUNT, metavar="N", help=f"how many ({SEEDS})")
    command.add_argument("--from", type=SEED, metavar="SEED", dest="first", help="the first of them (0)")
    command.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    command.add_argument("--story", type=Path, metavar="FILE", help="the story in a file instead")
    command.add_argument("--moto-every", type=SHARE, metavar="N", help="of so many seeds play one on moto, too (none)")
    command.add_argument("--speed", action="store_true", help="measure incidents a second of processor time instead")


def main(chosen: argparse.Namespace) -> int:
    """Exit status 0; 1 when something broke, or a heal takes more than it may; 2 for what can't be meant."""
    idle = _idle(chosen)
    if idle:
        print(idle, file=sys.stderr)
        return 2
    first = chosen.first or 0
    if chosen.speed:
        return speed.main(first, chosen.json)
    return run.main(chosen.seeds or SEEDS, first, chosen.json, chosen.story, chosen.moto_every or 0)


def _idle(chosen: argparse.Namespace) -> str:
    """Of options that have no say in what is asked for; empty where each has."""
    given = {"--seeds": chosen.seeds, "--from": chosen.first, "--moto-every": chosen.moto_every}
    if chosen.speed:
        idle = [name for name, value in given.items() if value is not None and name != "--from"]
        idle += ["--story"] if chosen.story is not None else []
        return f"--speed measures {speed.SEEDS} stories and plain heals: leave {' and '.join(idle)} out" if idle else ""
    if chosen.story is not None:
        idle = [name for name, value in given.items() if value is not None and name != "--moto-every"]
        return f"--story lives through one file: leave {' and '.join(idle)} out" if idle else ""
    return ""
