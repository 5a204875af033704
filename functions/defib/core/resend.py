"""Which message of a notice is sent: another one only once the queue has given up the one before.

A FIFO queue drops for five minutes what it has been sent before, also what has failed meanwhile (SQS Developer Guide,
Using the message deduplication ID). So each message of a notice that is sent again is known by the notice and a number.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from defib.core.incident import Notice

TRIED_FOR = timedelta(seconds=125)
"""How long the queue tries a message that keeps failing, and holds up what comes after it, before it sets it aside
(infra/signals.py, defib/handlers/batch.py; a test holds them together). Sent more often, messages would pile up."""

NUMBERS = 1000
"""Then they are counted anew, a day and a half later: SQS allows a message's id 128 characters."""


def number_of(notice: Notice, now: datetime) -> int:
    """The number of the notice's message at this moment; the first is 0."""
    return max((now - notice.at) // TRIED_FOR, 0) % NUMBERS
