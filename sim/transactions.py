"""Makes moto's transactions quick: it copies the whole table for each item of one, to be able to undo it.

One copy does for all of them, since nothing is changed before the last; and a copy of the table's index is enough while
transactions only put: a put replaces an item and never changes one.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from sim.boundary import Boundary, Params
from sim.clock import SimulatorGap


@contextmanager
def quick() -> Iterator[None]:
    """Within it, moto's backup of a table is made once a transaction, and shares the items with the table."""
    made: dict[int, Table] = {}
    transact = DynamoDBBackend.transact_write_items

    def backup(table: Table, _: dict[int, Any]) -> Table:
        if id(table) not in made:
            made[id(table)] = _backup(table)
        return made[id(table)]

    def anew(backend: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
        made.clear()
        try:
            transact(backend, items)
        finally:
            made.clear()

    setattr(Table, "__deepcopy__", backup)  # noqa: B010  # moto's class has no such method to assign to
    try:
        with patch.object(DynamoDBBackend, "transact_write_items", anew):
            yield
    finally:
        delattr(Table, "__deepcopy__")


def only_puts(boundary: Boundary) -> None:
    """Refuse the transactions for which the backup would not do."""

    def check(params: Params) -> None:
        kinds = {kind for item in params["TransactItems"] for kind in item}
        if kinds - {"Put", "ConditionCheck"}:
            raise SimulatorGap(f"a transaction with {sorted(kinds)}: sim/transactions.py can undo puts only")

    boundary.answer("dynamodb:TransactWriteItems", check)


def _backup(table: Table) -> Table:
    backup = copy.copy(table)
    backup.items = defaultdict(dict, {key: dict(items) for key, items in table.items.items()})
    return backup
