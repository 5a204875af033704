"""A target group that two services share, and a failure in each at about the same time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.policy import Mode, Policy
from sim.faults import FaultKind
from sim.scenario import Fault, Fleet, Scenario, TargetGroup

SHARED_EVERY = 4
"""One of so many stories has one, where two services are healed: elsewhere each load balancer is of one service."""
NAME = "shared"


def with_shared_target_group(scenario: Scenario, policy: Policy, random: Random) -> Scenario:
    """The scenario with an instance more of each of two services behind one target group, and perhaps one that works.

    Of a service that names its target groups Defib asks about no others.
    """
    services = [s.name for s in policy.services if s.mode is Mode.HEAL and not s.target_groups]
    if len(services) < 2:
        return scenario
    first, second = random.sample(services, 2)
    fleets = (
        Fleet(name=f"{NAME}0", count=random.choice((1, 1, 2)), service=first, target_group=NAME),
        Fleet(name=f"{NAME}1", count=1, service=second, target_group=NAME),
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
    """Half of them go on serving: only their check fails, and what is wrong with that no restart cures."""
    if random.random() < 0.5:
        return Fault(at=at, on=(name,), kind=FaultKind.FAILED_SAMPLE, after=random.choice((10, 20)))
    return Fault(at=at, on=(name,), kind=random.choice((FaultKind.HUNG_KERNEL, FaultKind.SYSTEM_IMPAIRED)))
