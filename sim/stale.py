"""Reads that lag: the simulated table as it was a while ago, for whoever does not ask for consistency."""

from __future__ import annotations

import copy
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from sim.boundary import Boundary, Call, Params, Response
from sim.clock import VirtualTime
from sim.machinery import MachineryFault, MachineryKind
from sim.template import ACCOUNT
from sim.wiring import Wiring

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")
READS = ("GetItem", "Query", "Scan", "BatchGetItem")
"""Those that may lag (DynamoDB API, ConsistentRead); TransactGetItems never does."""

Items = dict[str, defaultdict[Any, Any]]


class StaleReads:
    """Remembers what the tables held after each write, if the scenario ever asks for it."""

    def __init__(
        self, time: VirtualTime, wiring: Wiring, boundary: Boundary, faults: tuple[MachineryFault, ...]
    ) -> None:
        self._time = time
        self._wiring = wiring
        self._history: list[tuple[datetime, Items]] = []
        if any(fault.kind is MachineryKind.STALE_READS for fault in faults):
            for operation in WRITES:
                boundary.amend(f"dynamodb:{operation}", self._written)

    def read(self, call: Call, delay: timedelta) -> Response | None:
        """The answer of ``delay`` ago; None for a call that never lags."""
        if call.operation not in READS or call.params.get("ConsistentRead"):
            return None
        then = [items for at, items in self._history if at <= self._time.now - delay]
        tables = self._tables()
        now = {name: table.items for name, table in tables.items()}
        for name, table in tables.items():
            table.items = then[-1][name] if then else defaultdict(dict)
        try:
            return call.carry_out()
        finally:
            for name, table in tables.items():
                table.items = now[name]

    def _written(self, _: Params, __: Response) -> None:
        self._history.append((self._time.now, {name: copy.deepcopy(t.items) for name, t in self._tables().items()}))

    def _tables(self) -> dict[str, Table]:
        regions = self._wiring.regions
        return {name: table for region in regions for name, table in dynamodb_backends[ACCOUNT][region].tables.items()}
