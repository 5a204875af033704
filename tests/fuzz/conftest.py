"""Each test of stories breaks what it is marked with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.marked import must_break, said_to_break


@pytest.fixture(autouse=True)
def held_to_its_marks(request: pytest.FixtureRequest) -> Iterator[None]:
    with must_break(said_to_break(request.node.iter_markers())):
        yield
