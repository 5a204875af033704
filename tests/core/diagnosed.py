"""Rows of facts, and the cause that they name."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from defib.core.case import Case
from defib.core.diagnose import diagnose
from defib.core.model import Cause, Observation
from tests.core.facts import NOON, POLICY

Row = tuple[str, Observation, Case | None, Cause]
"""In words, the facts, the case so far, and the cause."""


def rows(table: Sequence[Row]) -> pytest.MarkDecorator:
    """Puts each of them to a test, by its words."""
    return pytest.mark.parametrize(
        ("facts", "so_far", "cause"), [row[1:] for row in table], ids=[row[0] for row in table]
    )


def require(facts: Observation, so_far: Case | None, cause: Cause) -> None:
    """That the cause is found, and said why."""
    diagnosis = diagnose(facts, so_far, POLICY, NOON)

    assert diagnosis.cause is cause
    assert diagnosis.evidence
    assert all(diagnosis.evidence)
