"""Each guard is taken out once, and the table that says what it forbids must fail."""

from __future__ import annotations

import pytest

from defib.core import guard
from defib.core.case import Action
from tests.core import test_guard

holds = test_guard.test_a_guard_refuses_exactly_what_it_is_for


@pytest.mark.parametrize("name", [g.__name__ for g in guard.GUARDS])
def test_without_the_guard_its_rows_fail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, of_a_crowd = (tuple(g for g in each if g.__name__ != name) for each in (guard.GUARDS, guard.AS_ONE))
    rows = [(row, action) for row in test_guard.TABLE if row[0] == name for action in Action if action in row[3]]
    for row, action in rows:
        holds(*row, action)

    monkeypatch.setattr(guard, "GUARDS", kept)
    monkeypatch.setattr(guard, "AS_ONE", of_a_crowd)

    assert rows, f"no row of the table says what {name} forbids"
    for row, action in rows:
        with pytest.raises(AssertionError):
            holds(*row, action)
