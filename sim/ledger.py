"""What the replayed system did, counted: invocations, calls, refusals, errors, and which grants it needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sim.iam import Grant


@dataclass
class Ledger:
    """Grows during a replay; read when it is over."""

    invocations: Counter[str] = field(default_factory=Counter)
    """By function."""
    calls: Counter[str] = field(default_factory=Counter)
    """By ``service:Operation``, each attempt counted."""
    made: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Calls by function and ``service:Operation``, each counted once however often it was tried."""
    throttled: Counter[str] = field(default_factory=Counter)
    """Those of the calls that the service had no token for."""
    denied: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    """Ends of functions that the scenario asked for."""
    used: dict[Grant, int] = field(default_factory=dict)
    """How often each grant was needed."""
    durations: dict[str, list[float]] = field(default_factory=dict)
    """Virtual seconds of each invocation, by function."""
    logged: Counter[str] = field(default_factory=Counter)
    """Bytes that each function wrote to its log."""
    metrics: Counter[str] = field(default_factory=Counter)
    """How often each custom metric was put, by ``function:Name``."""

    def use(self, grant: Grant) -> None:
        self.used[grant] = self.used.get(grant, 0) + 1

    def deny(self, message: str) -> None:
        if message not in self.denied:
            self.denied.append(message)
