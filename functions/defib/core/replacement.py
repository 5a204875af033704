"""What is remembered of a member that its Auto Scaling group was told to replace soon after it had launched it."""

from __future__ import annotations

from datetime import datetime

from defib.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Replacement:
    """One case that ends with a replacement; the stack keeps it for ``limits.group_window``."""

    group: str
    case_id: str
    name: str
    at: datetime
    """When Defib decided on it."""
    on_arrival: bool
    """Whether the member had never worked."""
