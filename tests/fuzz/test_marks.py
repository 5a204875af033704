"""A test that is marked with an invariant fails unless that is called broken in its course."""

from __future__ import annotations

import pytest

from tests.fuzz.marked import must_break, said_to_break
from tests.fuzz.worlds import told


def test_what_is_to_be_broken_and_is_not_is_missed() -> None:
    with pytest.raises(AssertionError, match="nobody calls broken: pauses"), must_break({"needless", "pauses"}):
        told("april-30").judge.truth.breaks("needless", "as never before")


@pytest.mark.breaks("needless", "pauses")
def test_every_test_of_stories_is_held_to_its_marks(request: pytest.FixtureRequest) -> None:
    assert said_to_break(request.node.iter_markers()) == {"needless", "pauses"}
    assert "held_to_its_marks" in request.fixturenames
    for name in ("needless", "pauses"):
        told("april-30").judge.truth.breaks(name, "as never before")
