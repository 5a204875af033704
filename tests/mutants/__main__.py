"""``python -m tests.mutants``: plant each fault of the table, and see whether anything catches it.

Exit status 0 when each was caught, 1 when one was not, 2 for a table or a catcher to mend.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.catching import CatcherError, Caught, Stories, catch, is_fuzz, seeds_of, sound_tests, stories
from tests.mutants.planting import Tree, copied
from tests.mutants.report import keep
from tests.mutants.table import ROOT, Mutant, MutantError, mutants

DOCUMENT = ROOT / "docs" / "mutants.md"


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    planted = [m for m in mutants() if not chosen.only or chosen.only in m.name]
    if not planted:
        print(f"no mutant is named {chosen.only!r}; their names stand in tests/mutants/mutants.toml", file=sys.stderr)
        return 2
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        try:
            caught = list(_caught(planted, copied(Path(directory)), sys.stderr.isatty() or not chosen.json))
        except (MutantError, CatcherError) as error:
            print(error, file=sys.stderr)
            return 2
    if chosen.json:
        print(json.dumps([_row(found) for found in caught], indent=2))
    missed = [found.mutant.name for found in caught if not found.by]
    took = time.perf_counter() - began
    print(f"{len(caught)} mutants, {len(caught) - len(missed)} caught, in {took:.0f} s.", file=sys.stderr)
    if missed:
        print(f"Caught by nothing: {'; '.join(missed)}.", file=sys.stderr)
    if chosen.write and not missed:
        keep(caught, mutants(), DOCUMENT)
    return 1 if missed else 0


def _caught(planted: Sequence[Mutant], tree: Tree, says: bool) -> Iterator[Caught]:
    tests = {c for m in planted for c in m.catchers if not is_fuzz(c)}
    sound_tests(tree, sorted(tests))
    sound = _sound(tree, max((seeds_of(c) for m in planted for c in m.catchers if is_fuzz(c)), default=0))
    for mutant in planted:
        found = catch(mutant, tree, sound)
        if says:
            print(f"{mutant.name}: {found.how or 'NOT CAUGHT'}", file=sys.stderr, flush=True)
        yield found


def _sound(tree: Tree, seeds: int) -> Stories:
    if seeds == 0:
        return {}
    lived = stories(tree, seeds)
    if isinstance(lived, str):
        raise CatcherError(f"without any mutant the stories don't run: {lived}")
    return lived


def _row(found: Caught) -> dict[str, str]:
    mutant = found.mutant
    return {
        "mutant": mutant.name,
        "kind": mutant.kind.value,
        "file": mutant.file,
        "breaks": mutant.breaks,
        "caught_by": found.by,
        "how": found.how,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Does the proof itself work?")
    parser.add_argument("--only", default="", metavar="NAME", help="those whose name holds this")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else on stdout")
    parser.add_argument("--write", action="store_true", help="keep what caught what in docs/mutants.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
