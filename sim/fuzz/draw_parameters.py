"""How something fails: of which types AWS has no room, what it calls a stop or an issue, how a load balancer checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.aws.normalise import ISSUE_CODES
from defib.core.policy import Mode, Policy
from sim.faults import FaultKind
from sim.issue import HealthIssue
from sim.scenario import Fault, Fleet, Scenario, TargetGroup

REASONS = ("Server.ScheduledStop", "Server.InsufficientInstanceCapacity", "Client.VolumeLimitExceeded")
"""What EC2 says of an instance that nobody has stopped, besides that something failed (AWSEC2 API, StateReason)."""
ROOM_EVERY = 3
"""In one of so many stories AWS has no room for one instance, where its service may have another type."""
NAME, OWN = "full", "m7g.large"
OF_GROUPS = 0.25
"""How many target groups are not as a new one is."""


def with_parameters(scenario: Scenario, random: Random) -> Scenario:
    """The scenario with such details, each within what AWS allows."""
    types = {f"{fleet.name}-{n + 1}": fleet.instance_type for fleet in scenario.fleet for n in range(fleet.count)}
    return replace(
        scenario,
        faults=tuple(_failing(fault, types, random) for fault in scenario.faults),
        target_groups=tuple(_checked(group, random) for group in scenario.target_groups),
        health_issues=tuple(_called(issue, random) for issue in scenario.health_issues),
    )


def _failing(fault: Fault, types: Mapping[str, str], random: Random) -> Fault:
    if fault.kind is FaultKind.START_CAPACITY and random.random() < 0.5:
        return replace(fault, instance_types=(types[fault.on[0]],))
    if fault.kind is FaultKind.STOPPED_UNASKED and random.random() < 0.5:
        return replace(fault, reason=random.choice(REASONS))
    return fault


def _checked(group: TargetGroup, random: Random) -> TargetGroup:
    if random.random() > OF_GROUPS:
        return group
    return replace(
        group,
        check_every=timedelta(seconds=random.choice((5, 10, 30, 60))),
        unhealthy_after=random.randint(2, 4),
        healthy_after=random.randint(2, 5),
    )


def _called(issue: HealthIssue, random: Random) -> HealthIssue:
    return replace(issue, code=random.choice(sorted(ISSUE_CODES)))


def without_room(scenario: Scenario, policy: Policy, random: Random) -> Scenario:
    """The scenario with one more instance on a failing host, of whose type AWS has no room for long.

    Where a service may have another type: by then it is stopped, and only another type, or much time, starts it again.
    """
    services = [s for s in policy.services if s.mode is Mode.HEAL and s.fallback_types and not s.target_groups]
    if not services:
        return scenario
    fleet = Fleet(name=NAME, count=1, service=random.choice(services).name)
    on = (f"{NAME}-1",)
    at = timedelta(seconds=random.randint(60, int(scenario.until.total_seconds() * 0.4)))
    full = Fault(at, on, FaultKind.START_CAPACITY, after=random.choice((5, 20, 100)), instance_types=(OWN,))
    faults = (Fault(at, on, FaultKind.SYSTEM_IMPAIRED), full)
    return replace(
        scenario,
        fleet=(*scenario.fleet, replace(fleet, instance_type=OWN)),
        faults=tuple(sorted((*scenario.faults, *faults), key=lambda fault: fault.at)),
    )
