"""How a figure grows with the size of the fleet: the exponent of the power law nearest to what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
"""A size, and what was measured there."""


@dataclass(frozen=True, slots=True)
class Growth:
    """``factor * size ** exponent``: 0 does not grow, 1 grows as the fleet does, 2 is quadratic."""

    exponent: float
    factor: float

    def at(self, size: float) -> float:
        return self.factor * float(size**self.exponent)


def fitted(points: Sequence[Point]) -> Growth | None:
    """The least squares of the logarithms, over what is above zero; None for fewer than two different sizes of that."""
    logs = [(math.log(size), math.log(amount)) for size, amount in points if amount > 0]
    if len({size for size, _ in logs}) < 2:
        return None
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    exponent = sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)
    return Growth(exponent, math.exp(mean_y - exponent * mean_x))


def at_last(points: Sequence[Point]) -> float | None:
    """The exponent between the two largest sizes, which a fit over all of them hides; None as with ``fitted``."""
    found = fitted(sorted(point for point in points if point[1] > 0)[-2:])
    return None if found is None else found.exponent
