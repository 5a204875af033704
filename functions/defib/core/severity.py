"""How loud a notice is: what may wait for the morning, what may not, and what asks for a person."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """The ``severity`` attribute that subscriptions filter on, the quietest first."""

    LOW = "low"
    """No customer notices anything, and nobody has to do anything."""
    HIGH = "high"
    """Customers may notice, or people should know soon; Defib is at it."""
    URGENT = "urgent"
    """A person is asked for. Nothing holds such a notice back."""
