"""Puts what a person says on the account's default event bus, where Defib hears every answer, however it came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from defib.aws.errors import for_code, translated
from defib.aws.permission import Permission, Scope
from defib.core.asking import EVENT_SOURCE
from defib.shell.ports import try_all

PERMISSIONS = (Permission(("events:PutEvents",), Scope.OPERATOR_EVENTS),)

ENTRIES_MAX = 10
"""Events of one PutEvents (EventBridge API)."""


class EventsClient(Protocol):
    """As much of boto3's client as is used here."""

    def put_events(self, *, Entries: Sequence[Mapping[str, str]]) -> Mapping[str, Any]: ...  # noqa: N803 - AWS's name


class OperatorBus:
    """Keeps the promises of ``answer.ports.Bus``. ``events`` makes the client, which no GET needs."""

    def __init__(self, events: Callable[[], EventsClient]) -> None:
        self._make = events

    def say(self, detail_type: str, *details: str) -> None:
        events = self._make()
        firsts = range(0, len(details), ENTRIES_MAX)
        # Of hundreds of answers those after one that is refused count as well.
        try_all(partial(_put, events, detail_type, details[first : first + ENTRIES_MAX]) for first in firsts)


def _put(events: EventsClient, detail_type: str, batch: Sequence[str]) -> None:
    with translated("passing the answer on"):
        answer = events.put_events(
            Entries=[{"Source": EVENT_SOURCE, "DetailType": detail_type, "Detail": detail} for detail in batch]
        )
    # An event may be refused in an answer that is none itself (EventBridge API, PutEvents, FailedEntryCount).
    for entry in answer.get("Entries", ()):
        if entry.get("ErrorCode"):
            raise for_code(entry["ErrorCode"], f"passing the answer on: {entry['ErrorCode']}")
