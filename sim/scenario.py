"""A scenario: an outage as data. Each key's meaning and limits stand beside the field that it fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from defib.core.setting import (
    choice,
    duration,
    flag,
    number,
    string,
    strings,
    table,
    tables,
)
from sim.expect import Expect
from sim.faults import Cure, EventCode, FaultKind
from sim.issue import HealthIssue
from sim.machinery import MachineryFault
from sim.replies import DrillReply, Pull, Reply
from sim.scaling_group import ScalingGroup
from sim.scenario_value import (
    CODE,
    GROUP,
    INSTANCE,
    INSTANCE_TYPE,
    LINE,
    POLICY,
    SCALING_GROUP,
    SERVICE,
    STORY,
    WHEN,
    ZONE,
    Range,
    Trait,
    moment,
    pairs,
    span,
    words,
)
from sim.shifts import AwsShift
from sim.unreachable import Unreachable


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A load balancer's target group. The defaults are those of an Application Load Balancer's."""

    name: str
    check_every: timedelta = field(
        default=timedelta(seconds=30),
        metadata=duration("How often the load balancer checks each target.", "10s", "5s", "5m"),
    )
    unhealthy_after: int = field(
        default=2, metadata=number("Failed checks in a row that make a target unhealthy.", 2, 2, 10)
    )
    healthy_after: int = field(
        default=5, metadata=number("Passed checks in a row that make an unhealthy target healthy again.", 3, 2, 10)
    )
    deregistration_delay: timedelta = field(
        default=timedelta(minutes=5),
        metadata=duration("How long a deregistered target is shown as draining.", "30s", "0s", "1h"),
    )
    opted_in: bool = field(default=True, metadata=flag("Whether it carries the opt-in tag of defib.toml."))
    by_address: bool = field(
        default=False, metadata=flag("Whether its targets are registered by their addresses (type ip).", "true")
    )
    drains_unhealthy: bool = field(
        default=False,
        metadata=flag(
            "Whether unhealthy targets keep their connections: `unhealthy.draining` (Network Load Balancer).", "true"
        ),
    )


@dataclass(frozen=True, slots=True)
class Fleet:
    """Instances of one kind. They are named for it: ``[fleet.web]`` with ``count = 3`` is web-1, web-2 and web-3."""

    name: str
    count: int = field(metadata=number("How many instances.", 3, 1, 1_000))
    service: str = field(
        default="",
        metadata=string(
            "The service they belong to, whose tags they get; left out, the fleet's own name.", "web", SERVICE
        ),
    )
    zones: tuple[str, ...] = field(
        default=("us-east-1a", "us-east-1b", "us-east-1c"),
        metadata=strings("The zones they are spread over in turn.", '["us-east-1a", "us-east-1b"]', ZONE, 6),
    )
    instance_type: str = field(default="m7g.large", metadata=string("Their type.", "c7g.xlarge", INSTANCE_TYPE))
    tags: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata=pairs("More tags; they win over those of the service.", '{ team = "shop" }'),
    )
    opted_in: bool = field(default=True, metadata=flag("Whether they carry the opt-in tag of defib.toml."))
    target_group: str = field(default="", metadata=string("The target group they are registered in.", "web", GROUP))
    group: str = field(default="", metadata=string("The Auto Scaling group they are members of.", "web", SCALING_GROUP))
    application_check: int = field(
        default=0,
        metadata=number(
            "Failed requests in a row, one a minute, that make their EC2 application status check impaired; "
            "0: none is associated.",
            4,
            0,
            10,
        ),
    )
    application_grace: timedelta = field(
        default=timedelta(minutes=1),
        metadata=duration("From a start until the first of these requests; EC2's default is 5m.", "5m", "0s", "10m"),
    )
    traits: tuple[Trait, ...] = field(
        default=(), metadata=words("What else is special about them.", '["public_ip"]', Trait, 10)
    )

    @property
    def of_service(self) -> str:
        """The service whose tags its instances get."""
        return self.service or self.name

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its instances."""
        return tuple(f"{self.name}-{n}" for n in range(1, self.count + 1))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with one or more instances."""

    at: timedelta = field(
        metadata=moment(
            "When it strikes.",
            '"3m"',
            WHEN,
        )
    )
    on: tuple[str, ...] = field(metadata=strings("The instances it strikes.", '["web-2"]', INSTANCE, 50))
    kind: FaultKind = field(metadata=choice("What goes wrong.", FaultKind, FaultKind.ZOMBIE))
    cured_by: tuple[Cure, ...] | None = field(
        default=None,
        metadata=words("What ends it; [] for nothing. Left out, what usually does.", '["restart"]', Cure, 3),
    )
    after: int = field(
        default=1, metadata=number("How many cures, failed samples or refused starts it takes to end it.", 2, 1, 100)
    )
    lasts: timedelta | None = field(
        default=None, metadata=duration("After how long it ends by itself. Left out, never.", "10m", "1s", "1d")
    )
    instance_types: tuple[str, ...] = field(
        default=(),
        metadata=strings("The types that EC2 has no room for; left out, all.", '["m7g.large"]', INSTANCE_TYPE, 20),
    )
    event: EventCode = field(
        default=EventCode.RETIREMENT,
        metadata=choice("What event_announced announces.", EventCode, EventCode.MAINTENANCE),
    )
    due_in: timedelta = field(
        default=timedelta(days=7),
        metadata=duration("How long after its announcement the event begins.", "6h", "1m", "30d"),
    )
    reason: str = field(
        default="Server.InternalError",
        metadata=string("The StateReason code that EC2 gives for stopped_unasked.", "Server.ScheduledStop", CODE),
    )


@dataclass(frozen=True, slots=True)
class Durations:
    """How long AWS takes. The defaults are what one usually sees."""

    stop: Range = field(
        default_factory=lambda: Range.of(45, 75),
        metadata=span("From stopping to stopped.", '["45s", "75s"]', "1s", "30m"),
    )
    force_stop: Range = field(
        default_factory=lambda: Range.of(20, 40),
        metadata=span("From a forced stop to stopped.", '["20s", "40s"]', "1s", "30m"),
    )
    pending: Range = field(
        default_factory=lambda: Range.of(20, 30),
        metadata=span("From pending to running.", '["20s", "30s"]', "1s", "30m"),
    )
    boot: Range = field(
        default_factory=lambda: Range.of(30, 60),
        metadata=span("From running until the system and the application answer.", '["30s", "60s"]', "1s", "30m"),
    )
    checks: Range = field(
        default_factory=lambda: Range.of(120, 150),
        metadata=span("From running until the status checks give their first result.", '["2m", "2m30s"]', "1s", "30m"),
    )
    attached_ebs: timedelta = field(
        default=timedelta(0),
        metadata=duration("How much longer that takes the attached EBS status check.", "3m", "0s", "30m"),
    )
    reboot: Range = field(
        default_factory=lambda: Range.of(40, 70),
        metadata=span(
            "From a reboot's request until the system and the application answer.", '["40s", "70s"]', "1s", "30m"
        ),
    )
    read_lag: Range = field(
        default_factory=lambda: Range.of(0, 2),
        metadata=span("How far EC2's answers lag behind what has happened.", '["0s", "2s"]', "0s", "1m"),
    )


@dataclass(frozen=True, slots=True)
class Scenario:
    """The whole file."""

    title: str = field(metadata=string("What to call it.", "April 30th: the zombie", LINE))
    story: str = field(metadata=string("What happened, for whoever reads the replay.", "A web server dies.", STORY))
    start: datetime = field(
        metadata=moment("When it begins.", "2026-04-30T12:00:00Z", "a date and time with Z, without quotes")
    )
    until: timedelta = field(
        metadata=duration("How long it goes on at least; open cases make it go on longer.", "30m", "1m", "7d")
    )
    fleet: tuple[Fleet, ...] = field(metadata=tables("The instances.", "[fleet.web]", least=1, most=400))
    policy: str = field(
        default="",
        metadata=string(
            "The file in scenarios/policies/ to use instead of defib.toml, without .toml.", "maintenance", POLICY
        ),
    )
    seed: int = field(
        default=1, metadata=number("Draws every duration and phase; the same seed gives the same replay.", 7, 0, 2**31)
    )
    original: timedelta | None = field(
        default=None,
        metadata=duration("How long the real outage lasted, to draw beside the replay.", "60m", "1m", "7d"),
    )
    target_groups: tuple[TargetGroup, ...] = field(
        default=(), metadata=tables("Load balancers' target groups.", "[target_groups.web]", least=0, most=20)
    )
    groups: tuple[ScalingGroup, ...] = field(
        default=(), metadata=tables("Auto Scaling groups.", "[groups.web]", least=0, most=20)
    )
    faults: tuple[Fault, ...] = field(default=(), metadata=tables("What goes wrong.", "[[faults]]", least=0, most=200))
    machinery: tuple[MachineryFault, ...] = field(
        default=(),
        metadata=tables("What goes wrong with Defib's own machinery.", "[[machinery]]", least=0, most=200),
    )
    kill_switch: tuple[Pull, ...] = field(
        default=(), metadata=tables("When somebody sets the kill switch.", "[[kill_switch]]", least=0, most=20)
    )
    answers: tuple[Reply, ...] = field(
        default=(), metadata=tables("When somebody answers Defib.", "[[answers]]", least=0, most=50)
    )
    health_issues: tuple[HealthIssue, ...] = field(
        default=(), metadata=tables("What AWS Health tells of EC2's own issues.", "[[health_issues]]", least=0, most=20)
    )
    aws_shifts: tuple[AwsShift, ...] = field(
        default=(),
        metadata=tables("When AWS itself shifts traffic away from a zone.", "[[aws_shifts]]", least=0, most=20),
    )
    drill_answers: tuple[DrillReply, ...] = field(
        default=(), metadata=tables("When somebody answers a drill.", "[[drill_answers]]", least=0, most=20)
    )
    unreachable: tuple[Unreachable, ...] = field(
        default=(), metadata=tables("Addresses that messages do not reach.", "[[unreachable]]", least=0, most=20)
    )
    durations: Durations = field(default_factory=Durations, metadata=table("How long AWS takes."))
    expect: Expect = field(default_factory=Expect, metadata=table("What must come of it."))


def instance_names(scenario: Scenario) -> tuple[str, ...]:
    """The names of all instances, fleet by fleet."""
    return tuple(name for fleet in scenario.fleet for name in fleet.names)


def pool_names(scenario: Scenario) -> tuple[str, ...]:
    """The names of the instances with which each warm pool begins."""
    sizes = {group.name: group.warm_pool.size for group in scenario.groups}
    return tuple(f"{f.name}-{f.count + n}" for f in scenario.fleet for n in range(1, sizes.get(f.group, 0) + 1))


def selected(patterns: Sequence[str], names: Mapping[str, object]) -> tuple[str, ...]:
    """The names that any of the patterns names, in the fleet's order."""
    if len(patterns) == 1 and patterns[0] in names:
        return (patterns[0],)
    return tuple(name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns))
