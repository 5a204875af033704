"""Whoever watches a replay while it runs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sim.machine import Machine


class EventKind(StrEnum):
    """What kind of thing happened."""

    FAULT = "fault"
    MACHINERY = "machinery"
    STATE = "state"
    CHECK = "check"
    TARGET = "target"
    DECISION = "decision"
    ACTION = "action"
    MESSAGE = "message"
    PAGE = "page"
    ALARM = "alarm"
    END = "end"


class Listener(Protocol):
    """Hears of events in the order in which they happen."""

    def on_event(self, at: datetime, kind: EventKind, instance: str, text: str) -> None:
        """``instance`` is a name, or empty; ``text`` is for people."""
        ...

    def on_instance(self, machine: Machine, doing: str) -> None:
        """Something about an instance has changed; ``doing`` is what Defib does about it, or empty."""
        ...


class Deaf:
    """Listens to nothing."""

    def on_event(self, at: datetime, kind: EventKind, instance: str, text: str) -> None: ...

    def on_instance(self, machine: Machine, doing: str) -> None: ...
