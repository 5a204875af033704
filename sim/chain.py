"""Chains of requests, as Lambda's recursive loop detection follows them: what led to a message, counted by function.

boto3 hands the count on in the trace header of what a function sends by SQS and SNS. What EventBridge, its scheduler,
an alarm or API Gateway brings begins a new chain (Lambda Developer Guide, "Use Lambda recursive loop detection to
prevent infinite loops").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LONGEST = 16
"""So often a function is invoked in one chain; AWS says approximately."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The invocations that led to something, counted by function."""

    invocations: Mapping[str, int] = field(default_factory=dict)

    def of(self, function: str) -> int:
        return self.invocations.get(function, 0)

    def and_then(self, function: str) -> Chain:
        return Chain({**self.invocations, function: self.of(function) + 1})


NEW = Chain()


def joined(chains: Iterable[Chain]) -> Chain:
    """That of a batch: of each function, the most."""
    most: dict[str, int] = {}
    for chain in chains:
        most |= {function: max(n, most.get(function, 0)) for function, n in chain.invocations.items()}
    return Chain(most)
