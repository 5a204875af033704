"""What a canary is worth: it proves the way while it is fresh, and nothing afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from defib.core.canary import INTERVAL, Canary
from tests.core.facts import NOON

WITHIN = timedelta(minutes=2)


@pytest.mark.parametrize(
    ("age", "stale"),
    [
        (timedelta(0), False),
        (WITHIN + INTERVAL, False),
        (WITHIN + INTERVAL + timedelta(seconds=1), True),
        (timedelta(hours=1), True),
        # The clocks of two Regions need not agree to the second.
        (-INTERVAL, False),
        (-INTERVAL - timedelta(seconds=1), True),
    ],
)
def test_it_is_worth_nothing_once_the_next_one_is_under_way(age: timedelta, stale: bool) -> None:
    assert Canary(NOON - age).is_stale(NOON, WITHIN) is stale
