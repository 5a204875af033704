"""Properties are tried with the same examples in every run; ``HYPOTHESIS_PROFILE=thorough`` draws others each time."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator

import pytest
from hypothesis import settings

import sim.sealed  # noqa: F401  # tests are of no AWS account either

settings.register_profile("same", derandomize=True, database=None, deadline=None)
if os.environ.get("HYPOTHESIS_PROFILE") != "thorough":
    settings.load_profile("same")

GROWTH = 2_000_000
"""Blocks of memory, about 200 MB: after so many more than were kept, it is looked for what nobody needs."""
KEPT = pytest.StashKey[int]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Give back the worlds that tests leave behind.

    They hold on to themselves, and Python does not look for such by itself here: with each client that is made, all
    that there is counts as lasting (functions/defib/aws/clients.py).
    """
    yield
    if sys.getallocatedblocks() > item.config.stash.get(KEPT, 0) + GROWTH:
        gc.collect()
        item.config.stash[KEPT] = sys.getallocatedblocks()
