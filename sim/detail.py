"""What EventBridge asks of an event's detail before it takes the event."""

from __future__ import annotations

import json
from typing import Any

MALFORMED = "MalformedDetail"
"""The code with which an event is refused whose detail is no JSON object (EventBridge API, PutEventsResultEntry)."""


def object_in(detail: str) -> dict[str, Any] | None:
    """The detail of an event; None where it is no JSON object (EventBridge API, PutEventsRequestEntry)."""
    try:
        found = json.loads(detail)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
