"""What is remembered of an instance whose application fell while EC2's own checks passed."""

from __future__ import annotations

from datetime import datetime

from defib.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Fall:
    """One case of a dead application; the service's incidents hand it on from one to the next."""

    case_id: str
    instance_id: str
    name: str
    at: datetime
    """When its application went down."""
    found_at: datetime
    """When it had been down for long enough to count."""
    restarted_at: datetime | None = None
    """When Defib began to reboot or stop it for that; None: it did not."""
    told: bool = False
    """Whether people have been told of it as one of several."""
