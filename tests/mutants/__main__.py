"""``python -m tests.mutants``: plant each fault of the table, and see whether anything catches it.

Exit status 0 when each was caught, 1 when one was not, 2 for a table or a catcher to mend.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.mutants.catching import CatcherError, Caught, Stories, is_fuzz, seeds_of, sound_tests, stories
from tests.mutants.planting import Tree, copied
from tests.mutants.report import caught_by_stories, keep
from tests.mutants.several import catch_all
from tests.mutants.table import FUZZ, ROOT, Mutant, MutantError, mutants

DOCUMENT = ROOT / "docs" / "mutants.md"


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    planted = _chosen(chosen)
    if not planted:
        print(
            f"no mutant of that part is named {chosen.only!r}; their names stand in tests/mutants/mutants.toml",
            file=sys.stderr,
        )
        return 2
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        try:
            caught = list(_caught(planted, Path(directory), chosen))
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
        keep(caught, mutants(), DOCUMENT, _today())
    return 1 if missed else 0


def _chosen(chosen: argparse.Namespace) -> list[Mutant]:
    by_story = caught_by_stories(DOCUMENT) if chosen.fuzz or chosen.tests else frozenset()
    named = [mutant for mutant in mutants() if chosen.only in mutant.name]
    half = [mutant for mutant in named if not (chosen.fuzz or chosen.tests) or (mutant.name in by_story) is chosen.fuzz]
    number, of = chosen.shard
    part = half[number - 1 :: of]
    return [_by_tests_alone(mutant) for mutant in part] if chosen.tests else part


def _by_tests_alone(mutant: Mutant) -> Mutant:
    """It with its tests alone: that no story catches it is known, and took long to find out."""
    by_tests = tuple(catcher for catcher in mutant.catchers if not is_fuzz(catcher))
    return replace(mutant, catchers=by_tests or mutant.catchers)


def _shard(text: str) -> tuple[int, int]:
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part such as 1/2, the first of two")
    return int(number), int(of)


def _caught(planted: Sequence[Mutant], into: Path, chosen: argparse.Namespace) -> Iterator[Caught]:
    tree = copied(_made(into / "sound"))
    if not chosen.fuzz:
        sound_tests(tree, _tests(planted))
    sound = _sound(tree, {seeds_of(c) for m in planted for c in m.catchers if is_fuzz(c)})
    by_test = []
    for found in catch_all(planted, tree, sound, chosen.jobs, into):
        if sys.stderr.isatty() or not chosen.json:
            print(f"{found.mutant.name}: {found.how or 'NOT CAUGHT'}", file=sys.stderr, flush=True)
        by_test += [found.mutant] if found.by != FUZZ else []
        yield found
    if chosen.fuzz:
        # Few of them need any: those that do are tried when it is known which.
        sound_tests(tree, _tests(by_test))


def _tests(planted: Sequence[Mutant]) -> list[str]:
    return sorted({catcher for mutant in planted for catcher in mutant.catchers if not is_fuzz(catcher)})


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def _sound(tree: Tree, asked: set[range]) -> Stories:
    """What breaks without any mutant."""
    most = max((seeds.stop for seeds in asked if seeds.start == 0), default=0)
    broken: dict[int, Sequence[str]] = {}
    for seeds in {range(most), *(seeds for seeds in asked if seeds.start >= most)}:
        lived = stories(tree, seeds) if seeds else {}
        if isinstance(lived, str):
            raise CatcherError(f"without any mutant the stories don't end: {lived}")
        broken |= lived
    return broken


def _today() -> str:
    """The day, and the commit that is checked out."""
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    day = time.strftime("%d %B %Y", time.gmtime()).lstrip("0")
    return f"{day}, at commit {asked.stdout.strip()}" if asked.returncode == 0 else day


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
    half = parser.add_mutually_exclusive_group()
    half.add_argument("--fuzz", action="store_true", help="those that docs/mutants.md says a story has caught")
    half.add_argument("--tests", action="store_true", help="the others")
    parser.add_argument(
        "--shard",
        type=_shard,
        default=(1, 1),
        metavar="K/N",
        help="each N-th of those, from the K-th on",
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="so many at a time; 2 if left out")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else on stdout")
    parser.add_argument("--write", action="store_true", help="keep what caught what in docs/mutants.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
