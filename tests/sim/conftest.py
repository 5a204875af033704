"""What the simulator's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of this run share."""
    mine = tmp_path_factory.getbasetemp()
    return mine if worker_id == "master" else mine.parent
