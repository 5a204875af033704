"""What the simulator's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.world import World
from tests.sim.seen import SEEN
from tests.sim.small_world import world


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()


@pytest.fixture
def quiet() -> Iterator[World]:
    """A small fleet in which nothing happens, at noon."""
    with world() as entered:
        yield entered
