"""A target group that two services share, and a failure in each at about the same time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.policy import Mode, Policy
from sim.faults import FaultKind
from sim.scenario import Fault, Fleet, Scenario, TargetGroup

SHARED_EVERY = 12
"""One of so many stories has one: elsewhere each load balancer is of one service, whose own limits hold its last target."""
NAME = "shared"
KINDS = (FaultKind.HUNG_KERNEL, FaultKind.SYSTEM_IMPAIRED, FaultKind.FAILED_SAMPLE)
"""What fails: of the last kind only the check does, and the instance goes on serving."""


def with_shared_target_group(scenario: Scenario, policy: Policy, random: Random) -> Scenario:
    """The scenario with a few more instances of two services behind one target group.

    Of a service that names its target groups Defib asks about no others.
    """
    services = [s.name for s in policy.services if s.mode is Mode.HEAL and not s.target_groups]
    if len(services) < 2:
        return scenario
    fleets = tuple(
        Fleet(name=f"{NAME}{n}", count=random.randint(1, 2), service=service, target_group=NAME)
        for n, service in enumerate(random.sample(services, 2))
    )
    began = random.randint(60, int(scenario.until.total_seconds() * 0.5))
    faults = (_fault(f"{fleet.name}-1", timedelta(seconds=began + random.randint(0, 180)), random) for fleet in fleets)
    return replace(
        scenario,
        fleet=(*scenario.fleet, *fleets),
        target_groups=(*scenario.target_groups, TargetGroup(NAME)),
        faults=tuple(sorted((*scenario.faults, *faults), key=lambda fault: fault.at)),
    )


def _fault(name: str, at: timedelta, random: Random) -> Fault:
    kind = random.choice(KINDS)
    return Fault(
        at=at, on=(name,), kind=kind, after=random.choice((5, 10, 20)) if kind is FaultKind.FAILED_SAMPLE else 1
    )
