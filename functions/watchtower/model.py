"""What a look sees, and what is wrong: frozen values without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Why(StrEnum):
    """Why a question has no answer."""

    SILENT = "silent"
    """No connection, or no answer in time."""
    REFUSED = "refused"
    """An answer, and it was an error."""
    NO_TIME = "no_time"
    """Not asked: the time of this look was used up."""
    NO_NAME = "no_name"
    """Not asked: what the watched stack's resources are called is not known."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A question that could not be answered; never taken for a good answer, nor for a bad one."""

    why: Why
    detail: str
    """Whom it was put to, and what came of it."""

    @property
    def mute(self) -> bool:
        """Whether nothing at all came back."""
        return self.why is not Why.REFUSED


@dataclass(frozen=True, slots=True)
class Door:
    """A function that people reach over HTTPS, and a request that it answers without doing anything."""

    function: str
    method: str
    url: str
    status: int
    """What it answers with."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the watched stack's resources are called."""

    table: str
    topics: Mapping[str, str] = field(default_factory=dict)
    """ARN by name."""
    page: str = ""
    """The status page's address; empty where there is none."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """What EventBridge calls each, by name."""
    doors: tuple[Door, ...] = ()
    seen: str = ""
    """The digest of what the watchtower is to look for."""
    tower: str = ""
    """The Region of the watchtower that is to look."""


@dataclass(frozen=True, slots=True)
class CameOut:
    """The last canary that came one way."""

    sent_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """When the watched stack was last seen alive; None: never."""

    swept_at: datetime | None
    canaries: Mapping[str, CameOut] = field(default_factory=dict)
    """By the way that they came; those by which none ever came are missing."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One CloudWatch alarm of the watched stack about itself."""

    name: str
    state: str
    description: str
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the event bus, by the name that the watched stack gives it."""

    name: str
    on: bool


class Standing(StrEnum):
    """How an address stands with a topic; what matters more sorts first."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    """SNS has mailed a link that nobody has opened yet."""
    UNSUBSCRIBED = "unsubscribed"
    """SNS lists it for some days more, and has no link for it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One address behind a topic."""

    endpoint: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Listing:
    """Who is behind one topic."""

    region: str
    topic: str
    found: tuple[Subscription, ...] | Unknown


@dataclass(frozen=True, slots=True)
class Texts:
    """How SMS stand in one Region, in US dollars of this month."""

    spent: float
    quota: float
    sandboxed: bool


@dataclass(frozen=True, slots=True)
class TextsIn:
    """The same, with the Region."""

    region: str
    found: Texts | Unknown


@dataclass(frozen=True, slots=True)
class PageMade:
    """The status page answers, and says when it was made."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Knocked:
    """What came of one request to a function that people reach over HTTPS."""

    function: str
    found: Unknown | None
    """None: it answers as it does."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything that one look has read."""

    watched: Watched | Unknown
    canary_sent: Unknown | None
    """None when this look's canary is under way."""
    heartbeats: Heartbeats | Unknown
    alarms: tuple[Alarm, ...] | Unknown
    listings: tuple[Listing, ...] = ()
    texts: tuple[TextsIn, ...] = ()
    page: PageMade | Unknown | None = None
    """None where there is none."""
    rules: tuple[Rule, ...] | Unknown = ()
    """Those that are there."""
    doors: tuple[Knocked, ...] = ()


class Weight(StrEnum):
    """How much a finding matters; what matters more sorts first."""

    GRAVE = "grave"
    """Defib, or its word to people, may be dead: worth a text at 3 a.m."""
    MINOR = "minor"
    """Can wait for the e-mail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    about: str
    """The check that found it; with that check unanswered, nothing is known of its findings."""
    key: str
    """The same in every look that finds it."""
    weight: Weight
    short: str
    """What is wrong, for an SMS: no full stop."""
    meaning: str
    todo: str
    """Without a full stop; what comes before the first semicolon will do for an SMS."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one look found, and which checks it could not make."""

    findings: tuple[Finding, ...]
    unmade: frozenset[str] = frozenset()
    """``about`` of checks that have no answer."""

    @property
    def well(self) -> bool:
        """Whether nothing grave is wrong, and everything grave is known."""
        return not any(finding.weight is Weight.GRAVE for finding in self.findings)
