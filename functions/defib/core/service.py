"""What the operator decides about one service: which instances, how patiently, how far, who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from enum import StrEnum

from defib.core.frozen import dataclass
from defib.core.maintenance import Maintenance
from defib.core.membership import GroupMember
from defib.core.page.settings import ServiceOnPage
from defib.core.percent import Percent
from defib.core.setting import (
    CONTACT_NAME,
    INSTANCE_TYPE,
    MAYBE_HTTPS,
    choice,
    duration,
    flag,
    number,
    number_or_percent,
    string,
    strings,
    table,
    tables,
    tags,
)
from defib.core.target_group import EXAMPLE, TargetGroup


class Mode(StrEnum):
    """How far Defib goes for a service."""

    OBSERVE = "observe"
    """The same decisions and notices, not one mutating call."""
    APPROVE = "approve"
    """Asks people before the first act of each repair, and acts only on a yes."""
    HEAL = "heal"


class ApplicationRemedy(StrEnum):
    """What to do when the application is down while the instance's own checks pass."""

    TELL = "tell"
    REBOOT = "reboot"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a failure must last before it counts: one failed sample is not an outage."""

    check: timedelta = field(
        default=timedelta(seconds=70),
        metadata=duration(
            "How long a status check of EC2 must have failed before it counts; EC2 checks once a minute.",
            "2m",
            "0s",
            "1h",
        ),
    )
    application: timedelta = field(
        default=timedelta(minutes=3),
        metadata=duration(
            "How long the application must have been down, by its own check or its load balancer's, before it counts.",
            "5m",
            "0s",
            "1h",
        ),
    )
    stopped: timedelta = field(
        default=timedelta(seconds=5),
        metadata=duration(
            "How long an instance that nobody stopped must have been stopped before it counts.", "30s", "0s", "1h"
        ),
    )
    unknown: timedelta = field(
        default=timedelta(minutes=15),
        metadata=duration(
            "How long EC2 may be unable to say how the instance is before that counts as trouble.", "30m", "0s", "1d"
        ),
    )


@dataclass(frozen=True, slots=True)
class Verify:
    """What counts as healed."""

    stable_for: timedelta = field(
        default=timedelta(seconds=30),
        metadata=duration(
            "How long an instance must stay healthy after a repair before it counts as healed.", "1m", "0s", "30m"
        ),
    )
    timeout: timedelta = field(
        default=timedelta(minutes=10),
        metadata=duration(
            "How long after a start the instance may take to pass its checks and its load balancer's.",
            "15m",
            "30s",
            "2h",
        ),
    )


@dataclass(frozen=True, slots=True)
class Service:
    """A set of instances that serve together, matched by their tags."""

    name: str
    match: Mapping[str, tuple[str, ...]] = field(
        metadata=tags(
            "The tags of the service's instances: every key must be there, with one of its values.",
            '{ service = "web" }',
            keys=10,
            values=50,
        )
    )
    mode: Mode = field(
        default=Mode.OBSERVE,
        metadata=choice(
            "heal repairs; approve asks people first, and repairs on their yes; "
            "observe decides and tells the same, but touches nothing.",
            Mode,
            example=Mode.HEAL,
        ),
    )
    minimum_healthy: int | Percent = field(
        default=0,
        metadata=number_or_percent(
            "How many other instances must be healthy before one is rebooted or stopped, or what share of all of them.",
            '"50%"',
            0,
            1_000,
            99,
        ),
    )
    concurrent_repairs: int = field(
        default=1, metadata=number("How many of the service's instances are repaired at once.", 2, 1, 100)
    )
    replicated: bool = field(
        default=False,
        metadata=flag(
            "Whether the instances keep copies of the same data: one at a time, and only while all others are healthy.",
            "true",
        ),
    )
    application_down: ApplicationRemedy = field(
        default=ApplicationRemedy.TELL,
        metadata=choice(
            "What is done when the application is down while EC2's own checks pass.",
            ApplicationRemedy,
            example=ApplicationRemedy.REBOOT,
        ),
    )
    application_restarts: int = field(
        default=2,
        metadata=number(
            "How many instances are rebooted or restarted for a dead application within application_window.", 1, 1, 20
        ),
    )
    application_window: timedelta = field(
        default=timedelta(hours=1),
        metadata=duration("How near applications must fall to each other to share a cause.", "2h", "5m", "1d"),
    )
    group_member: GroupMember = field(
        default=GroupMember.LEAVE,
        metadata=choice(
            "What is done to a member of an Auto Scaling group where only a stop and start would help.",
            GroupMember,
            example=GroupMember.REPLACE,
        ),
    )
    planned_restart: bool = field(
        default=False,
        metadata=flag(
            "Whether a working instance is restarted in a maintenance window before an event that AWS has scheduled.",
            "true",
        ),
    )
    allow_public_ip_change: bool = field(
        default=False,
        metadata=flag("Whether a stop may change an instance's auto-assigned public IPv4 address.", "true"),
    )
    allow_instance_store_loss: bool = field(
        default=False,
        metadata=flag("Whether a stop may lose the data on an instance's instance-store volumes.", "true"),
    )
    allow_skip_os_shutdown: bool = field(
        default=False,
        metadata=flag(
            "Whether an instance that does not stop even when forced may be stopped without a shutdown of its system.",
            "true",
        ),
    )
    allow_windows_force_stop: bool = field(
        default=False,
        metadata=flag("Whether the stop of an instance that runs Windows may be forced.", "true"),
    )
    fallback_types: tuple[str, ...] = field(
        default=(),
        metadata=strings(
            "The instance types tried in turn where AWS has no room for an instance's own.",
            '["m7g.large", "m6g.large"]',
            INSTANCE_TYPE,
            most=4,
        ),
    )
    patience: Patience = field(default_factory=Patience, metadata=table("How long a failure must last."))
    verify: Verify = field(default_factory=Verify, metadata=table("What counts as healed."))
    page: ServiceOnPage = field(
        default_factory=ServiceOnPage, metadata=table("How the service stands on the status page.")
    )
    target_groups: tuple[TargetGroup, ...] = field(
        default=(),
        metadata=tables(
            "Target groups that Defib may drain, and whose unhealthy targets raise an alarm.",
            f"[{EXAMPLE}]",
            least=0,
            most=20,
        ),
    )
    maintenance: tuple[Maintenance, ...] = field(
        default=(),
        metadata=tables(
            "Planned outages of the service: nothing is repaired and nobody is told while one is on.",
            '[{ days = ["sun"], at = "02:00", zone = "Europe/Berlin", lasts = "2h" }]',
            least=0,
            most=20,
        ),
    )
    tell: tuple[str, ...] = field(
        default=(),
        metadata=strings(
            "The contacts that hear of the service's incidents; heal and approve need at least one.",
            '["oncall"]',
            CONTACT_NAME,
            most=20,
        ),
    )
    then: tuple[str, ...] = field(
        default=(),
        metadata=strings(
            "The contacts that are asked too when nobody in tell answers; after them every contact is.",
            '["oncall"]',
            CONTACT_NAME,
            most=20,
        ),
    )
    runbook: str = field(
        default="",
        metadata=string(
            "Where it is written what people do about the service; every e-mail names it.",
            "https://wiki.example.com/web",
            MAYBE_HTTPS,
        ),
    )

    @property
    def counts_peers(self) -> bool:
        """Whether its other instances must be counted before one is taken away."""
        return self.minimum_healthy != 0 or self.replicated

    def healthy_others(self, instances: int) -> int:
        """How many others must be healthy where the service has so many instances, the failing one included."""
        floor = self.minimum_healthy
        return floor.of(instances) if isinstance(floor, Percent) else floor

    def matches(self, tags: Mapping[str, str]) -> bool:
        """Whether an instance with these tags belongs to the service."""
        for key, values in self.match.items():  # noqa: SIM110 - a generator takes twice as long, and every look asks
            if tags.get(key) not in values:
                return False
        return True
