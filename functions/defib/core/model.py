"""What Defib is told and what it sees: signals, observations and diagnoses, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from defib.core.approval import Answer
from defib.core.fall import Fall
from defib.core.frozen import dataclass
from defib.core.membership import GROUP_TAG, Membership
from defib.core.stack import NOTHING_KNOWN, Stack
from defib.core.traits import NO_TRAITS, Traits


class Source(StrEnum):
    """Who said that an instance may be in trouble."""

    ALARM = "alarm"
    FLEET_ALARM = "fleet_alarm"
    STATE_CHANGE = "state_change"
    HEALTH = "health"
    SWEEP = "sweep"
    LOAD_BALANCER = "load_balancer"
    WAKE = "wake"
    RESULT = "result"
    OPERATOR = "operator"
    """Somebody says yes or no to a repair."""


class Verdict(StrEnum):
    """How an attempted action ended, sorted by what the caller must do next."""

    DONE = "done"
    """AWS accepted it."""
    RETRY = "retry"
    """A passing fault (throttle, capacity): it was not carried out; try again after a while."""
    REFUSED = "refused"
    """AWS will refuse it again (permission, protection, unsupported): ask a human."""
    ABANDONED = "abandoned"
    """The recheck just before acting decided otherwise: decide again."""
    LOST = "lost"
    """No answer came: it may have been carried out or not; observe again and decide afresh."""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of attempt ``attempt`` of case ``case_id``."""

    case_id: str
    attempt: int
    verdict: Verdict
    at: datetime
    code: str = ""
    """The AWS error code, or empty."""
    detail: str = ""
    """What people read: an error message, or where evidence was put."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Something said that an instance may be in trouble. It only says where to look, never what to believe."""

    source: Source
    instance_id: str
    at: datetime
    reason: str
    result: Result | None = None
    answer: Answer | None = None
    state: InstanceState | None = None
    """What EC2's event says it is; None where something else has been said."""


@dataclass(frozen=True, slots=True)
class TargetGroupSignal:
    """A target group may have unhealthy targets: its load balancer says so, without naming them, or is to be asked."""

    target_group_arn: str
    at: datetime
    reason: str
    until: datetime | None = None
    """From when on it need not be asked any more, as the next sweep does; None for what something has said."""


class InstanceState(StrEnum):
    """EC2 instance states (AWSEC2 UserGuide, ec2-instance-lifecycle)."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"


class CheckStatus(StrEnum):
    """SummaryStatus of an EC2 status check (AWSEC2 API, InstanceStatusSummary)."""

    OK = "ok"
    IMPAIRED = "impaired"
    INITIALIZING = "initializing"
    INSUFFICIENT_DATA = "insufficient-data"
    NOT_APPLICABLE = "not-applicable"
    SUPPRESSED = "suppressed"
    """Of the application status only: somebody has asked EC2 that it count for nothing for a while."""


class TargetHealth(StrEnum):
    """State of a load balancer target (ELBv2 API, TargetHealth)."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNHEALTHY_DRAINING = "unhealthy.draining"
    UNUSED = "unused"
    DRAINING = "draining"
    UNAVAILABLE = "unavailable"
    """In a group without health checks."""


SERVING = frozenset({TargetHealth.HEALTHY, TargetHealth.UNAVAILABLE})  # They get requests as usual.
FAILING = frozenset({TargetHealth.UNHEALTHY, TargetHealth.UNHEALTHY_DRAINING})
REGISTERED = SERVING | FAILING | {TargetHealth.INITIAL}


@dataclass(frozen=True, slots=True)
class Check:
    """One status check and, when it fails, since when."""

    status: CheckStatus
    impaired_since: datetime | None = None


NOT_APPLICABLE = Check(CheckStatus.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that AWS has announced to do to the instance or its host."""

    code: str
    """``instance-reboot``, ``system-reboot``, ``system-maintenance``, ``instance-retirement`` or ``instance-stop``."""
    not_before: datetime
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Checks:
    """The status checks of a running instance, and the events announced for it: EC2 tells both in one answer."""

    system: Check
    instance: Check
    attached_ebs: Check = NOT_APPLICABLE
    application: Check = NOT_APPLICABLE
    beneath: Check = NOT_APPLICABLE
    """What the application status checks themselves say while they are suppressed; not applicable where unknown."""
    events: tuple[Event, ...] = ()
    """Neither completed nor cancelled."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One place of an instance in a target group, named by group and port; what a restore must put back."""

    target_group_arn: str
    port: int
    quic_server_id: str = field(default="", compare=False)

    @property
    def target_group_name(self) -> str:
        return self.target_group_arn.rpartition("targetgroup/")[2].partition("/")[0]


@dataclass(frozen=True, slots=True)
class Target:
    """What a load balancer says of one registration of the instance."""

    registration: Registration
    health: TargetHealth
    reason: str = ""
    manageable: bool = True
    """Whether Defib may deregister and register it: its group is configured, or carries the opt-in tag."""
    others_healthy: int | None = None
    """How many other targets of the group are healthy; None where nobody asks: the instance is well or doesn't run."""
    others: frozenset[str] = frozenset()
    """The ids of those, where somebody asks."""


@dataclass(frozen=True, slots=True)
class Peers:
    """The other instances of the service, at this moment."""

    running: int
    healthy: int
    """Running, with no failing or initializing check."""
    not_running: int = 0
    """Stopped, stopping or pending."""
    healthy_ids: frozenset[str] = frozenset()
    under_repair: int = 0
    """Of the healthy, those that Defib is at work on: drained, say. Like Observation.under_repair, from the table."""


class Switch(StrEnum):
    """What the stack's kill switch says. Anything but ON forbids every act."""

    ON = "on"
    OFF = "off"
    UNREADABLE = "unreadable"
    """Missing, or no answer: nobody can know that it is not off."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What AWS says of one instance now. Times are aware and in UTC."""

    instance_id: str
    observed_at: datetime
    state: InstanceState
    launched_at: datetime
    """The last start, not the first launch: EC2 renews LaunchTime at each start."""
    tags: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    instance_type: str = ""
    lifecycle: str = ""
    """EC2's InstanceLifecycle: empty for on-demand, ``spot`` or ``capacity-block``, say."""
    root_device: str = "ebs"
    """``ebs`` or ``instance-store``; the latter can't be stopped."""
    state_reason_code: str = ""
    """EC2's StateReason.Code, such as ``Client.UserInitiatedShutdown``."""
    state_reason: str = ""
    transition_reason: str = ""
    """EC2's StateTransitionReason, such as ``User initiated (2026-04-30 09:12:44 GMT)``."""
    checks: Checks | None = None
    """None unless running."""
    targets: tuple[Target, ...] = ()
    peers: Peers | None = None
    """None where nobody asks: the service requires no healthy others, or the instance is well."""
    under_repair: int = 0
    """Other cases of the service that Defib is acting on: the one fact that AWS does not know, but the table does."""
    falls: tuple[Fall, ...] = ()
    """Applications of the service that have fallen, as its newest incident remembers them."""
    healing: Switch = Switch.ON
    """The kill switch, read when a decision to act is near and again just before each act; ON while none is near."""
    traits: Traits = NO_TRAITS
    """What a stop would destroy, and what stands in its way."""
    membership: Membership | None = None
    """None unless it is a member of an Auto Scaling group and may be in trouble."""
    stack: Stack = NOTHING_KNOWN
    """What the table knows of the whole stack; read when an act is near."""

    @property
    def name(self) -> str:
        """The instance's Name tag in one printable line, or its id: whoever may tag it writes into no other line."""
        tag = "".join(c if c.isprintable() else " " for c in self.tags.get("Name", ""))
        return " ".join(tag.split()) or self.instance_id

    @property
    def group(self) -> str:
        """The Auto Scaling group that it is a member of, or empty."""
        return self.tags.get(GROUP_TAG, "")


class Cause(StrEnum):
    """The named states an instance can be found in."""

    HEALTHY = "healthy"
    INITIALIZING = "initializing"
    SYSTEM_IMPAIRED = "system_impaired"
    INSTANCE_IMPAIRED = "instance_impaired"
    EBS_IMPAIRED = "ebs_impaired"
    APPLICATION_DOWN = "application_down"
    DEAD_ON_ARRIVAL = "dead_on_arrival"
    STOPPED_UNASKED = "stopped_unasked"
    STOPPED_BY_PERSON = "stopped_by_person"
    STOPPED_BY_DEFIB = "stopped_by_defib"
    STOPPING = "stopping"
    STUCK_PENDING = "stuck_pending"
    STUCK_STOPPING = "stuck_stopping"
    TERMINATED = "terminated"
    EVENT_SCHEDULED = "event_scheduled"
    """It works, and AWS has announced something that will end that for a while."""
    UNKNOWN = "unknown"


NOT_TROUBLE = frozenset({Cause.HEALTHY, Cause.INITIALIZING, Cause.STOPPING, Cause.STOPPED_BY_PERSON, Cause.TERMINATED})
"""Causes that are no failure by themselves: they open no case."""
NOT_FAILING = frozenset({*NOT_TROUBLE, Cause.EVENT_SCHEDULED})
"""Causes of what does not fail, though AWS may have announced work on it: its case only waits for that."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The named cause, since when, and on what evidence. ``Cause.UNKNOWN`` is what nobody can be sure of."""

    cause: Cause
    since: datetime
    evidence: tuple[str, ...]
