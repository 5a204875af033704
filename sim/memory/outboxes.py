"""Outboxes in memory. They pass the same contract suite as those in DynamoDB (tests/aws/test_outbox_store.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from defib.core.frozen import replace
from defib.core.medium import Medium
from defib.core.outbox import Lane, Outbox, Waiting, apart
from defib.shell.store import Conflict


@dataclass
class FakeMail:
    """``boxes`` by contact; ``kept`` is what waits, by contact, lane, time and reference."""

    boxes: dict[str, Outbox] = field(default_factory=dict)
    kept: dict[tuple[str, Lane, datetime, str, int], Waiting] = field(default_factory=dict)
    marks: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    interruptions: list[Callable[[], None]] = field(default_factory=list)
    """Each runs once, just before a ``remember_outbox``: a rival's write, or a raised error."""
    around: Callable[[], None] = lambda: None
    """Called before and after each write."""

    def outbox(self, contact: str) -> Outbox:
        return self.boxes.get(contact, Outbox(contact))

    def remember_outbox(self, outbox: Outbox, waits: Waiting | None = None) -> Outbox:
        if self.interruptions:
            self.interruptions.pop(0)()
        self.around()
        if outbox.version != self.outbox(outbox.contact).version:
            raise Conflict(f"the outbox of {outbox.contact} has moved on from version {outbox.version}")
        written = self.boxes[outbox.contact] = replace(outbox, version=outbox.version + 1)
        if waits is not None:
            self.kept[_key(waits)] = waits
        self.around()
        return written

    def waiting(self, contact: str, lane: Lane, most: int) -> Sequence[Waiting]:
        return [self.kept[key] for key in sorted(self.kept) if key[:2] == (contact, lane)][:most]

    def went_out(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        left = []
        self.around()
        for one in waiting:
            rest = replace(one, media=tuple(medium for medium in one.media if medium not in media))
            if rest.media:
                self.kept[_key(one)] = rest
                left.append(rest)
            else:
                self.kept.pop(_key(one), None)
        self.around()
        return tuple(left)

    def set_apart(self, waiting: Sequence[Waiting], media: Sequence[Medium]) -> tuple[Waiting, ...]:
        self.around()
        for one in waiting:
            theirs = replace(one, lane=apart(media), media=tuple(medium for medium in one.media if medium in media))
            self.kept[_key(theirs)] = theirs
        return self.went_out(waiting, media)

    def told(self, incident_id: str, sequence: int) -> frozenset[str]:
        return self.marks.get((incident_id, sequence), frozenset())

    def mark_told(self, incident_id: str, sequence: int, mark: str) -> None:
        self.around()
        self.marks[incident_id, sequence] = self.told(incident_id, sequence) | {mark}


def _key(waiting: Waiting) -> tuple[str, Lane, datetime, str, int]:
    return (waiting.contact, waiting.lane, waiting.at, waiting.incident_id, waiting.sequence)
