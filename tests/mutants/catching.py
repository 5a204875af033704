"""Does anything catch a mutant: stories with its code, and tests, each in a process of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.mutants.planting import Tree
from tests.mutants.process import Ran, run
from tests.mutants.table import FUZZ, Mutant

SEEDS = 30
"""Stories that a mutant lives through; ``fuzz:N`` in the table asks for another number."""
TIME_LIMIT_S = 150.0
"""A mutant that makes its catcher hang is caught by that."""
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
CRASH = "crash"
"""What leaves Defib's code, or the replay's: no judge has found anything."""
COLLECTED_NOTHING = 5
"""pytest's exit status for a test that isn't there."""
USAGE = 4
QUIETLY = ("-q", "-p", "no:cacheprovider", "--no-header")

Stories = Mapping[int, Sequence[str]]
"""Seed to the names of the invariants broken in it; seeds with which all is well are left out."""


@dataclass(frozen=True, slots=True)
class Caught:
    """What came of one mutant."""

    mutant: Mutant
    by: str = ""
    """The catcher; empty when nothing has caught it."""
    how: str = ""
    """The invariants that broke, or the first test that failed."""


class CatcherError(Exception):
    """A catcher that can't be believed: it isn't there, or it fails without any mutant."""


def catch(mutant: Mutant, tree: Tree, sound: Stories) -> Caught:
    """Try its catchers in order. ``sound`` is what breaks in the same stories without a mutant."""
    with tree.with_planted(mutant):
        for catcher in mutant.catchers:
            how = _by_fuzz(tree, sound, seeds_of(catcher)) if is_fuzz(catcher) else _by_test(tree, catcher)
            if how:
                return Caught(mutant, FUZZ if is_fuzz(catcher) else "test", how)
    return Caught(mutant)


def is_fuzz(catcher: str) -> bool:
    return catcher.partition(":")[0] == FUZZ


def seeds_of(catcher: str) -> int:
    return int(catcher.partition(":")[2] or SEEDS)


def stories(tree: Tree, seeds: range, sound: Stories | None = None) -> Stories | str:
    """What breaks in the stories of ``seeds``; a word when they don't even run.

    Given what breaks without a mutant, it ends with the first story in which a judge finds something else.
    """
    told = json.dumps(dict(sound)) if sound is not None else ""
    asked = (str(seeds.start), str(len(seeds)), told)
    ran = _run(tree, "tests.mutants.stories", *asked, limit_s=TIME_LIMIT_S + len(seeds))
    if ran.timed_out:
        return "it hangs"
    if ran.status != 0:
        return f"crash: {ran.said.strip().splitlines()[-1][:120]}"
    return {int(seed): names for seed, names in json.loads(ran.said.splitlines()[-1]).items()}


def _by_fuzz(tree: Tree, sound: Stories, seeds: int) -> str:
    lived = stories(tree, range(seeds), sound)
    return lived if isinstance(lived, str) else judged(lived, sound)


def judged(lived: Stories, sound: Stories) -> str:
    """All that breaks in the first story with a judgement, or else in the first that crashes; empty for nothing."""
    new = {seed: [name for name in names if name not in sound.get(seed, ())] for seed, names in lived.items()}
    found = [(seed, names) for seed, names in new.items() if names]
    seed, names = next((one for one in found if one[1] != [CRASH]), found[0] if found else (0, []))
    return f"{', '.join(names)} (seed {seed})" if names else ""


def _by_test(tree: Tree, test: str) -> str:
    ran = _run(tree, "pytest", "-x", *QUIETLY, test)
    if ran.timed_out:
        return f"{test} (it hangs)"
    failed = FAILED.search(ran.said)
    if ran.status in (USAGE, COLLECTED_NOTHING) and failed is None:
        raise CatcherError(f"{test} is no test: {ran.said.strip()[-300:]}")
    if ran.status != 0:
        return failed.group(1) if failed is not None else test
    return ""


def sound_tests(tree: Tree, tests: Sequence[str]) -> None:
    """Raises CatcherError when one of them fails without a mutant: it would seem to catch everything."""
    if tests:
        ran = _run(tree, "pytest", *QUIETLY, *tests, limit_s=10 * TIME_LIMIT_S)
        if ran.status != 0:
            raise CatcherError(f"without any mutant:\n{ran.said[-2000:]}")


def _run(tree: Tree, module: str, *arguments: str, limit_s: float = TIME_LIMIT_S) -> Ran:
    return run(module, arguments, tree.root, tree.environment(), limit_s)
