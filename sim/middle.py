"""A stream of draws that is the same whoever draws from it, and in whatever order."""

from __future__ import annotations

from random import Random

PART = 0.47
"""Nearly the middle: nothing that is told in whole seconds, or in halves, falls on the same instant."""


class Middle(Random):
    """Draws about the middle each time: two worlds that draw in another order of the same ranges draw the same."""

    def random(self) -> float:
        return PART


def middle(what: str) -> Random:
    """The stream of that name."""
    return Middle(what)
