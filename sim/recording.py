"""What a replay saw, as one frozen document: the terminal, ``--json`` and the page are views of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """A value that held from ``start`` to ``end``."""

    start: datetime
    end: datetime
    value: str


@dataclass(frozen=True, slots=True)
class InstanceTrack:
    """The true history of one simulated instance."""

    instance_id: str
    name: str
    service: str
    zone: str
    states: tuple[Span, ...]
    """EC2 states: pending, running, ..."""
    checks: tuple[Span, ...]
    """The worst status check while running: ok, initializing, impaired; ``none`` otherwise."""
    targets: tuple[Span, ...]
    """The load balancer's view: healthy, unhealthy, draining, initial, unused; empty without a load balancer."""


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One action of Defib on an instance."""

    at: datetime
    action: str
    reason: str
    verdict: str
    detail: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision that changed a case, as its structured log line gives it."""

    at: datetime
    instance_id: str
    case_id: str
    cause: str
    decision: str
    reason: str


@dataclass(frozen=True, slots=True)
class Serving:
    """That an instance works again, and its load balancer, if any, sends it requests."""

    at: datetime
    aws_imposed: timedelta
    """The part of the time from the strike until then that AWS imposes."""
    without_grace: timedelta
    """The same, where the grace for EC2's own recovery counts as Defib's."""


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """One injected fault and what became of it. Times are None for what never happened."""

    instance_id: str
    name: str
    kind: str
    struck_at: datetime
    check_failed_at: datetime | None
    """When AWS's own check, state or load balancer first showed it."""
    noticed_at: datetime | None
    """When Defib opened a case."""
    detected_at: datetime | None
    """When Defib had confirmed it (the failure outlived patience)."""
    announced_at: datetime | None
    """When the first message reached the staff."""
    healthy_at: datetime | None
    """When the instance really worked again."""
    healed_at: datetime | None
    """When Defib closed the case as healed or recovered."""
    escalated_at: datetime | None
    outcome: str
    """The case's outcome, ``open``, or ``none`` when no case was opened."""
    aws_imposed: timedelta
    """The part of struck_at..healed_at that AWS imposes: check interval, reboot trial, stop, boot, checks."""
    actions: tuple[ActionRecord, ...]
    serving: Serving | None = None
    """None while it does not serve again."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a person received it."""

    at: datetime
    medium: str
    """``email`` or ``sms``."""
    to: str
    subject: str
    body: str
    incident_id: str
    notice: str
    topic: str = ""
    """The ARN of the topic that it came through."""


@dataclass(frozen=True, slots=True)
class PublicUpdate:
    """One update of an incident, as customers read it on the status page."""

    at: datetime
    """When it stood on the page."""
    status: str
    """investigating, identified, monitoring or resolved."""
    name: str
    """The incident's, at that time."""
    body: str


@dataclass(frozen=True, slots=True)
class PageFile:
    """One document of the status page, as S3 keeps it."""

    content_type: str
    cache_control: str
    body: bytes


@dataclass(frozen=True, slots=True)
class PageMoment:
    """The whole status page at the moment at which it was laid out."""

    at: datetime
    version: int
    """The same as long as nothing but the page's age changes."""
    indicator: str
    """none, maintenance, minor, major or critical."""
    banner: str
    """The page in one sentence."""
    files: Mapping[str, PageFile] = field(repr=False)
    """By path."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One line of the scenario's expectations, held against what happened."""

    text: str
    expected: str
    actual: str
    held: bool


@dataclass(frozen=True, slots=True)
class DeadArrivals:
    """How many instances of one service, zone and type never worked: what Defib's metric ``DeadOnArrival`` counts."""

    service: str
    zone: str
    instance_type: str
    count: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What the replay cost Defib."""

    invocations: dict[str, int]
    """By function."""
    calls: dict[str, int]
    """By ``service:Operation``."""
    denied: tuple[str, ...]
    """Calls that a role did not allow; any fails the replay."""
    dead_letters: int
    errors: tuple[str, ...]
    """Exceptions that left a handler."""
    throttled: dict[str, int] = field(default_factory=dict)
    """Those of the calls that EC2's request buckets turned away, by ``service:Operation``."""
    dead_on_arrival: tuple[DeadArrivals, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """One replay."""

    scenario: str
    title: str
    story: str
    seed: int
    started_at: datetime
    ended_at: datetime
    original: timedelta | None
    """How long the real outage that the scenario retells lasted, to draw beside the replay."""
    instances: tuple[InstanceTrack, ...]
    faults: tuple[FaultRecord, ...]
    decisions: tuple[DecisionRecord, ...]
    messages: tuple[Message, ...]
    totals: Totals
    expectations: tuple[Expectation, ...]
    updates: tuple[PublicUpdate, ...] = ()
    """What the status page told customers, in order; empty where there is no page."""
    letters: tuple[Message, ...] = ()
    """What subscribers of the page were sent by e-mail, in order."""
    pages: tuple[PageMoment, ...] = ()
    """The status page each time that something on it changed."""

    @property
    def passed(self) -> bool:
        return all(e.held for e in self.expectations) and not self.totals.denied
