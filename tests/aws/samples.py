"""AWS's own event samples, and one field of each changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parents[1] / "events"
STRUCK = datetime(2026, 4, 30, 9, 12, 44, tzinfo=UTC)


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def changed(name: str, path: str, value: object) -> str:
    """The sample as a message, with the field at the dotted ``path`` set to ``value``; a ``None`` removes it."""
    event = sample(name)
    *parents, last = path.split(".")
    holder: Any = event
    for parent in parents:
        holder = holder[int(parent) if isinstance(holder, list) else parent]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return json.dumps(event)
