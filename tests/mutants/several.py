"""Several mutants at a time, each in a process that has a copy of the tree of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.mutants.catching import Caught, Stories, catch
from tests.mutants.planting import Tree
from tests.mutants.table import Mutant

_own: list[Tree] = []
"""This process's."""


def catch_all(planted: Sequence[Mutant], tree: Tree, sound: Stories, jobs: int, into: Path) -> Iterator[Caught]:
    """What came of each, in order, ``jobs`` at a time. ``tree`` is copied into the directory ``into`` for each."""
    with ProcessPoolExecutor(jobs, get_context("spawn"), _copy, (tree, into)) as pool:
        yield from pool.map(partial(_catch, sound=sound), planted)


def _copy(tree: Tree, into: Path) -> None:
    _own.append(tree.twin(into / str(os.getpid())))


def _catch(mutant: Mutant, sound: Stories) -> Caught:
    return catch(mutant, _own[0], sound)
