"""Does anything catch a mutant: stories with its code, and tests, each in a process of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.mutants.planting import Tree
from tests.mutants.process import Ran, run
from tests.mutants.table import FUZZ, Mutant, MutantError

SEEDS = 30
"""Stories that a mutant lives through; ``fuzz:N`` asks for another number, ``fuzz@SEED`` for that one alone."""
TIME_LIMIT_S = 150.0
"""A mutant that makes its catcher hang is caught by that."""
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::\S+)", re.MULTILINE)
"""A test that ran; a file that can't even be read for its tests has no name of one behind it."""
CRASH = "crash: "
"""How what leaves Defib's code, or the replay's, begins, before the error's class: no judge has found anything."""
SLIPS = frozenset(
    f"{CRASH}{error.__name__}" for error in (TypeError, NameError, AttributeError, SyntaxError, ImportError)
)
"""Crashes of code that was never right, as what is planted is where it has not kept up with what stands around it."""
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
    """Try its catchers in order. ``sound`` is what breaks in the same stories without a mutant.

    Raises MutantError for what only shows that the planted code can't run.
    """
    try:
        return _caught(mutant, tree, sound)
    except CatcherError as error:
        raise MutantError(f"mutant {mutant.name}: {error}") from error


def _caught(mutant: Mutant, tree: Tree, sound: Stories) -> Caught:
    with tree.with_planted(mutant):
        for catcher in mutant.catchers:
            how = _by_fuzz(mutant, tree, sound, seeds_of(catcher)) if is_fuzz(catcher) else _by_test(tree, catcher)
            if how:
                return Caught(mutant, FUZZ if is_fuzz(catcher) else "test", how)
    return Caught(mutant)


def is_fuzz(catcher: str) -> bool:
    return re.fullmatch(rf"{FUZZ}([:@][0-9]+)?", catcher) is not None


def seeds_of(catcher: str) -> range:
    if "@" in catcher:
        alone = int(catcher.partition("@")[2])
        return range(alone, alone + 1)
    return range(int(catcher.partition(":")[2] or SEEDS))


def stories(tree: Tree, seeds: range, sound: Stories | None = None, wanted: str = "") -> Stories | str:
    """What breaks in the stories of ``seeds``; a word when they hang. Raises CatcherError when they don't even run.

    Given what breaks without a mutant, it ends with the first story in which a judge finds something else; ``wanted``
    is the invariant that must be broken there.
    """
    told = json.dumps(dict(sound)) if sound is not None else ""
    asked = (str(seeds.start), str(len(seeds)), told, wanted)
    ran = _run(tree, "tests.mutants.stories", *asked, limit_s=TIME_LIMIT_S + len(seeds))
    if ran.timed_out:
        return "it hangs"
    if ran.status != 0:
        raise CatcherError(f"the stories don't run: {ran.said.strip().splitlines()[-1][:120]}")
    return {int(seed): names for seed, names in json.loads(ran.said.splitlines()[-1]).items()}


def _by_fuzz(mutant: Mutant, tree: Tree, sound: Stories, seeds: range) -> str:
    lived = stories(tree, seeds, sound, mutant.breaks_by)
    if isinstance(lived, str):
        return lived
    how = judged(lived, sound, mutant.breaks_by)
    crashed = sorted({name for names in lived.values() for name in names if name.startswith(CRASH)})
    if how or not crashed:
        return how
    if mutant.crashes:
        seed = next(seed for seed, names in lived.items() if crashed[0] in names)
        return f"{crashed[0]} (seed {seed})"
    if not SLIPS.isdisjoint(crashed):
        raise CatcherError(f"in its stories it only crashes: {', '.join(crashed)}")
    return ""


def judged(lived: Stories, sound: Stories, wanted: str = "") -> str:
    """All that breaks anew in the first story in which a judge finds ``wanted``, or anything; empty for none."""
    for seed, names in lived.items():
        if found(names, sound.get(seed, ()), wanted):
            return f"{', '.join(name for name in names if name not in sound.get(seed, ()))} (seed {seed})"
    return ""


def found(names: Sequence[str], sound: Sequence[str], wanted: str) -> bool:
    """Whether a judge finds ``wanted``, or anything, in a story in which ``names`` break: ``sound`` of them anyway."""
    new = {name for name in names if not name.startswith(CRASH)} - {*sound}
    return wanted in new if wanted else bool(new)


def _by_test(tree: Tree, test: str) -> str:
    ran = _run(tree, "pytest", "-x", *QUIETLY, test)
    if ran.timed_out:
        return f"{test} (it hangs)"
    failed = FAILED.search(ran.said)
    if ran.status == 0:
        return ""
    if failed is None:
        raise CatcherError(f"{test}: no test of it ran: {ran.said.strip()[-300:]}")
    return failed.group(1)


def sound_tests(tree: Tree, tests: Sequence[str]) -> None:
    """Raises CatcherError when one of them fails without a mutant: it would seem to catch everything."""
    if tests:
        ran = _run(tree, "pytest", *QUIETLY, *tests, limit_s=10 * TIME_LIMIT_S)
        if ran.status != 0:
            raise CatcherError(f"without any mutant:\n{ran.said[-2000:]}")


def _run(tree: Tree, module: str, *arguments: str, limit_s: float = TIME_LIMIT_S) -> Ran:
    return run(module, arguments, tree.root, tree.environment(), limit_s)
