"""What people are told: one incident per service, grouping its cases, with its notices in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from defib.core.call import Call
from defib.core.escalation import Tier
from defib.core.fall import Fall
from defib.core.frozen import dataclass, replace
from defib.core.model import Cause
from defib.core.severity import Severity

TIMELINE_MAX = 40
"""Lines of the timeline that an e-mail repeats."""


class Phase(StrEnum):
    """Where a case stands, as far as people care."""

    WATCHING = "watching"
    REPAIRING = "repairing"
    VERIFYING = "verifying"
    HELD = "held"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Member:
    """One case of an incident."""

    case_id: str
    instance_id: str
    name: str
    zone: str
    cause: Cause
    since: datetime
    phase: Phase
    is_away: bool = False
    """Whether Defib keeps it from serving though a guard holds its repair."""
    idle: bool = False
    """Whether Defib has done its part, or has nothing to do yet: others of the service may have its place."""
    group: str | None = None
    """Its group, where what the group launches was held for it (core/in_a_row.py); None: an older version wrote it."""
    closed_at: datetime | None = None
    is_lost: bool = False
    """Whether its case ended though nobody had seen it work: it is gone, or no longer Defib's."""

    @property
    def is_settled(self) -> bool:
        """Whether it needs nobody: its case is over, or only waits for something that AWS has announced."""
        if self.phase is Phase.CLOSED:
            return True
        waits = self.phase is Phase.WATCHING or (self.phase is Phase.HELD and self.idle)
        return self.cause is Cause.EVENT_SCHEDULED and waits

    @property
    def is_missed(self) -> bool:
        """Whether customers may miss it: it neither serves while its case waits, nor does its group replace it."""
        return not (self.is_settled or self.idle)


class NoticeKind(StrEnum):
    """Why people hear of it. The values are the ``notice`` attribute that subscriptions filter on."""

    OPENED = "opened"
    PROGRESS = "progress"
    HELD = "held"
    APPROVAL = "approval"
    """Defib asks whether it may repair."""
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    PLANNED = "planned"
    """AWS has announced work on what works; or it is over, or avoided."""
    CALLED = "called"
    """Nobody has answered, or whoever did has not solved it: people are asked again, and more of them."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody is on it, or wants to be asked again later."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message of an incident's timeline, in the words of every medium."""

    incident_id: str
    service: str
    sequence: int
    kind: NoticeKind
    at: datetime
    case_id: str
    instance_id: str
    subject: str
    """At most 100 ASCII characters, no line breaks (SNS API, Publish, Subject)."""
    body: str
    sms: str
    """At most 140 characters of the GSM alphabet: one SMS."""
    severity: Severity = Severity.HIGH
    tier: Tier = Tier.FIRST
    """Who hears of it: whoever has been asked before hears how it goes on."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One service's trouble, from the first confirmed case to the last closed one."""

    service: str
    number: int
    opened_at: datetime
    version: int = 0
    members: tuple[Member, ...] = ()
    notices: int = 0
    """How many notices it has; the last one's sequence."""
    timeline: tuple[str, ...] = ()
    """One line a notice, for the next e-mail; only the newest are kept."""
    resolved_at: datetime | None = None
    told_of: tuple[str, ...] = ()
    """The guards that hold many for the same reason and that people have been told of once for all."""
    services: Mapping[str, int] = field(default_factory=dict)
    """Of an impaired zone's incident: how many instances of each service failed with it. Its own has members."""
    falls: tuple[Fall, ...] = ()
    """Applications that fell while EC2's checks passed, those of earlier incidents included; the oldest first."""
    call: Call | None = None
    """What a person is asked for now."""
    reached: Tier | None = None
    """The most people that were ever asked in it; None when nobody was."""
    harmed: bool = False
    """Whether customers may have noticed anything of it so far (core/harm.py)."""

    @property
    def id(self) -> str:
        return f"{self.service}-{self.number}"

    def down(self, besides: str) -> frozenset[str]:
        """The instances of its cases, but ``besides``, that have failed and have not been seen to work for long enough.

        EC2's checks may pass all the same.
        """
        failed = (m for m in self.members if m.phase is not Phase.CLOSED and m.cause is not Cause.EVENT_SCHEDULED)
        return frozenset(m.instance_id for m in failed if m.case_id != besides)

    def with_notice(self, entry: str) -> Incident:
        """The same with one more notice, which is ``entry`` in its timeline."""
        return replace(self, notices=self.notices + 1, timeline=(*self.timeline, entry)[-TIMELINE_MAX:])
