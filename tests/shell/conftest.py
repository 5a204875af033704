"""An office for every test of what people are told."""

from __future__ import annotations

import pytest

from tests.shell.office import Office


@pytest.fixture
def office() -> Office:
    return Office()
