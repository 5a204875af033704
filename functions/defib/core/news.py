"""What has happened to a case that people should hear, and the story that each medium tells of it."""

from __future__ import annotations

from enum import StrEnum

from defib.core.frozen import dataclass
from defib.core.incident import NoticeKind

NOTHING = "Nothing now. Defib tells you when it works again, or if it needs you."
"""What people must do while Defib is at it."""


class News(StrEnum):
    """What has happened to a case that people should hear."""

    OPENED = "opened"
    JOINED = "joined"
    STOPPING = "stopping"
    FORCING = "forcing"
    REPLACING = "replacing"
    START_FAILED = "start_failed"
    RESIZED = "resized"
    SKIPPING = "skipping"
    HELD = "held"
    ASKING = "asking"
    APPROVED = "approved"
    ONE_BY_ONE = "one_by_one"
    ESCALATED = "escalated"
    TAKEN_BACK = "taken_back"
    CLOSED = "closed"
    ANNOUNCED = "announced"
    REMINDED = "reminded"
    PUT_OFF = "put_off"


@dataclass(frozen=True, slots=True)
class Story:
    """One notice before it is put into the words of each medium."""

    kind: NoticeKind
    headline: str
    """One sentence after the instance's name, without a full stop."""
    doing: str
    duty: str
    brief: str
    """What an SMS says after the headline."""
