"""``@pytest.mark.breaks("told")``: the invariant is called broken in the course of that test, or it fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from sim.fuzz import run
from sim.fuzz.failures import CRASH, crashed
from sim.fuzz.invariants.truth import Truth


def said_to_break(marks: Iterable[pytest.Mark]) -> set[str]:
    """The invariants that a test is to break, by its marks ``breaks``."""
    return {name for mark in marks if mark.name == "breaks" for name in mark.args}


@contextmanager
def must_break(wanted: set[str]) -> Iterator[None]:
    """Whatever is done meanwhile must have each of ``wanted`` called broken."""
    broken, breaks = set[str](), Truth.breaks

    def judged(truth: Truth, invariant: str, what: str) -> None:
        broken.add(invariant)
        breaks(truth, invariant, what)

    def died(error: Exception) -> str:
        broken.add(CRASH)
        return crashed(error)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Truth, "breaks", judged)
        patch.setattr(run, "crashed", died)
        yield
    assert wanted <= broken, f"nobody calls broken: {', '.join(sorted(wanted - broken))}"
