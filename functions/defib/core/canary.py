"""A signal that means nothing and goes every way, so that whoever sent it knows which ways are open."""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.frozen import dataclass

EVENT_SOURCE = "defib.watchtower"
DETAIL_TYPE = "Canary"

INTERVAL = timedelta(minutes=1)
"""How often one is sent."""


@dataclass(frozen=True, slots=True)
class Canary:
    """One that is under way. It is about no instance, opens no case and reaches no person."""

    sent_at: datetime
    by: str = ""
    """The way that it goes: the queue on which it was put, or the topic from which it comes back; empty on the bus."""

    def is_stale(self, now: datetime, within: timedelta) -> bool:
        """Whether it is worth nothing any more: ``within`` is what it may take, and the next one is under way."""
        return not -INTERVAL <= now - self.sent_at <= within + INTERVAL
