"""The operator's limits, as one frozen value. ``parse.py`` makes it from ``defib.toml``."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING

from defib.core.answer.settings import AnswerSettings
from defib.core.contact import Contact
from defib.core.delivery import Delivery
from defib.core.detection import Detection
from defib.core.drill import DrillSettings
from defib.core.escalation import Escalation
from defib.core.frozen import dataclass
from defib.core.limits import Limits
from defib.core.maintenance import Maintenance
from defib.core.messages import MessageLimits
from defib.core.page.settings import PageSettings
from defib.core.retention import Retention
from defib.core.service import ApplicationRemedy, Mode, Patience, Service, Verify
from defib.core.setting import duration, number
from defib.core.target_group import TargetGroup
from defib.core.watchtower import WatchtowerSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ApplicationRemedy",
    "Calls",
    "Contact",
    "Delivery",
    "Detection",
    "Escalation",
    "Limits",
    "MessageLimits",
    "Mode",
    "Patience",
    "Policy",
    "Repair",
    "Retention",
    "Service",
    "Tag",
    "TargetGroup",
    "Verify",
]


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag, key and value."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Limits of the ladder."""

    reboots: int = field(
        default=1,
        metadata=number("How many reboots are tried in one case; 0 goes straight to stop and start.", 0, 0, 5),
    )
    restarts: int = field(
        default=2, metadata=number("How many times one case may stop and start the instance.", 1, 0, 10)
    )
    starts: int = field(
        default=5,
        metadata=number("Start calls in one case, over all restarts, before people are asked.", 8, 1, 20),
    )
    attempts: int = field(
        default=25, metadata=number("Actions of any kind in one case before people are asked.", 40, 5, 100)
    )
    heals_a_day: int = field(
        default=3,
        metadata=number(
            "How often one instance may be healed within 24 hours; the next time it fails, people are asked.", 5, 1, 20
        ),
    )
    reboot_trial: timedelta = field(
        default=timedelta(minutes=3),
        metadata=duration("How long a reboot may take to show in the status checks.", "5m", "10s", "30m"),
    )
    restart_trial: timedelta = field(
        default=timedelta(minutes=5),
        metadata=duration("How long after a start failing checks are still put down to booting.", "8m", "10s", "1h"),
    )
    drain_timeout: timedelta = field(
        default=timedelta(minutes=1),
        metadata=duration("How long open requests may take to end before the instance is stopped.", "2m", "0s", "1h"),
    )
    stop_timeout: timedelta = field(
        default=timedelta(minutes=3),
        metadata=duration("How long a stop may take before it is forced.", "5m", "10s", "30m"),
    )
    force_stop_timeout: timedelta = field(
        default=timedelta(minutes=10),
        metadata=duration("How long a forced stop may take before people are asked.", "20m", "10s", "1h"),
    )
    start_timeout: timedelta = field(
        default=timedelta(minutes=5),
        metadata=duration("How long an instance may be pending.", "8m", "10s", "1h"),
    )
    arrival_timeout: timedelta = field(
        default=timedelta(minutes=10),
        metadata=duration(
            "How long after a launch checks may be initializing before it is dead on arrival.", "15m", "10s", "1h"
        ),
    )
    # No shorter than the remediate function may run (30 s) and a queue's delivery besides: an intent given up while it
    # is still being carried out would be decided twice.
    act_timeout: timedelta = field(
        default=timedelta(seconds=60),
        metadata=duration(
            "How long an action waits for its result before Defib looks again and decides afresh.", "90s", "45s", "5m"
        ),
    )
    evidence_timeout: timedelta = field(
        default=timedelta(seconds=20),
        metadata=duration("How long a repair waits for its evidence.", "30s", "5s", "60s"),
    )
    # Just over three samples of the check, and the lag in showing them. AWS publishes no duration. It advises recovery
    # after two failed minutes and another's act later, never at once (EC2 User Guide, UsingAlarmActions).
    auto_recovery_grace: timedelta = field(
        default=timedelta(minutes=3, seconds=15),
        metadata=duration(
            "How long after its host failed an instance is left to EC2's own automatic recovery, where it has that.",
            "5m",
            "0s",
            "15m",
        ),
    )
    settle: timedelta = field(
        default=timedelta(seconds=20),
        metadata=duration("How long EC2's answers may lag behind an action.", "30s", "0s", "2m"),
    )
    retry_backoff: timedelta = field(
        default=timedelta(seconds=15),
        metadata=duration("First pause after a passing error; doubles each time.", "30s", "1s", "5m"),
    )
    retry_backoff_max: timedelta = field(
        default=timedelta(minutes=2),
        metadata=duration("Longest pause after a passing error.", "5m", "1s", "15m"),
    )
    # SQS delays a message by 15 minutes at most (SendMessage, DelaySeconds).
    look_again: timedelta = field(
        default=timedelta(seconds=10),
        metadata=duration("How often a case is looked at while something is under way.", "30s", "1s", "15m"),
    )
    hold: timedelta = field(
        default=timedelta(minutes=1),
        metadata=duration("How often a held or handed-over case is looked at.", "5m", "5s", "1h"),
    )
    case_age: timedelta = field(
        default=timedelta(hours=1),
        metadata=duration("How long a repair may go on before people are asked.", "2h", "1m", "1d"),
    )
    approval_timeout: timedelta = field(
        default=timedelta(minutes=30),
        metadata=duration(
            "How long Defib waits for a yes in approve mode before people have to repair it themselves.",
            "2h",
            "1m",
            "1d",
        ),
    )
    # Below 2 percent a month of tries would be more than a case has room for.
    start_again_share: int = field(
        default=7,
        metadata=number(
            "After which percentage of the time that it could not be started an instance is tried again, once people "
            "were asked; no sooner than hold.",
            15,
            2,
            100,
        ),
    )
    # AWS gives a duration neither a range nor a default; without one a suppression lasts for ever.
    suppress_for: timedelta = field(
        default=timedelta(minutes=30),
        metadata=duration(
            "How long EC2's application status check of an instance is suppressed at most while it is repaired; "
            "Defib lifts it when it is done.",
            "1h",
            "5m",
            "1d",
        ),
    )
    handed_over_age: timedelta = field(
        default=timedelta(days=7),
        metadata=duration(
            "After how long people are told again of what they were handed and have not mended.", "14d", "1h", "30d"
        ),
    )


@dataclass(frozen=True, slots=True)
class Calls:
    """Bounds of every call to AWS, and to other status pages."""

    connect_timeout: timedelta = field(
        default=timedelta(seconds=2), metadata=duration("How long connecting may take.", "1s", "1s", "5s")
    )
    read_timeout: timedelta = field(
        default=timedelta(seconds=5), metadata=duration("How long the answer may take.", "4s", "1s", "15s")
    )
    attempts: int = field(
        default=2, metadata=number("How often one call is tried in all, the first time included.", 3, 1, 4)
    )

    @property
    def longest(self) -> timedelta:
        """How long one call can take: every try waits in vain, and every pause between two is the longest.

        After try n botocore's standard mode pauses at most 2 ** (n - 1) seconds (Boto3 Developer Guide, Retries).
        """
        pauses = timedelta(seconds=2 ** (self.attempts - 1) - 1)
        return self.attempts * (self.connect_timeout + self.read_timeout) + pauses


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the operator decides."""

    opt_in: Tag
    services: tuple[Service, ...]
    contacts: tuple[Contact, ...] = ()
    detection: Detection = field(default_factory=Detection)
    repair: Repair = field(default_factory=Repair)
    limits: Limits = field(default_factory=Limits)
    calls: Calls = field(default_factory=Calls)
    retention: Retention = field(default_factory=Retention)
    delivery: Delivery = field(default_factory=Delivery)
    drill: DrillSettings = field(default_factory=DrillSettings)
    page: PageSettings = field(default_factory=PageSettings)
    watchtower: WatchtowerSettings = field(default_factory=WatchtowerSettings)
    answers: AnswerSettings = field(default_factory=AnswerSettings)
    escalation: Escalation = field(default_factory=Escalation)
    messages: MessageLimits = field(default_factory=MessageLimits)
    maintenance: tuple[Maintenance, ...] = ()
    """Planned outages of every service."""
    region: str = ""
    """Where it is deployed, which the operator's file does not say. Every command for people names it: with another
    default Region, the bus there would take an answer without a word, and it would be lost."""

    @property
    def asked_groups(self) -> tuple[str, ...]:
        """The ARNs of target groups that are asked between sweeps, too: of services that heal a dead application.

        Where people are only told of one, nothing is gained by seconds.
        """
        heals = (service for service in self.services if service.application_down is not ApplicationRemedy.TELL)
        return tuple(dict.fromkeys(group.arn for service in heals for group in service.target_groups))

    @property
    def asks_a_minute(self) -> int:
        """How many questions to load balancers follow each sweep."""
        return len(self.asked_groups) * self.detection.asks

    def opted_in(self, tags: Mapping[str, str]) -> bool:
        """Whether the instance's owner has put it in Defib's care."""
        return tags.get(self.opt_in.key) == self.opt_in.value

    def service_of(self, tags: Mapping[str, str]) -> Service | None:
        """The one service that these tags belong to; the parser has refused overlaps."""
        for service in self.services:
            if service.matches(tags):
                return service
        return None

    def service(self, name: str) -> Service | None:
        """The service of that name; None when it has left the configuration."""
        for service in self.services:
            if service.name == name:
                return service
        return None
