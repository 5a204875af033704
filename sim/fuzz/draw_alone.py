"""One that is alone behind a load balancer, and serves, while its status check says for long that it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.policy import Mode, Policy
from sim.faults import FaultKind
from sim.scenario import Fault, Fleet, Scenario, TargetGroup

ALONE_EVERY = 8
"""One of so many stories has one: elsewhere others serve, too, or the service asks for a minimum of healthy ones."""
NAME = "alone"


def with_one_alone(scenario: Scenario, policy: Policy, random: Random) -> Scenario:
    """The scenario with one more instance, of a service that would let it be restarted but for its load balancer.

    Of one that names its target groups Defib asks about no others.
    """
    free = (s for s in policy.services if not s.minimum_healthy and not s.replicated and not s.target_groups)
    services = [s for s in free if s.mode is Mode.HEAL]
    if not services:
        return scenario
    fleet = Fleet(name=NAME, count=1, service=random.choice(services).name, target_group=NAME)
    at = timedelta(seconds=random.randint(60, int(scenario.until.total_seconds() * 0.4)))
    wrong = Fault(at=at, on=(f"{NAME}-1",), kind=FaultKind.FAILED_SAMPLE, after=random.choice((5, 10, 20)))
    return replace(
        scenario,
        fleet=(*scenario.fleet, fleet),
        target_groups=(*scenario.target_groups, TargetGroup(NAME)),
        faults=tuple(sorted((*scenario.faults, wrong), key=lambda fault: fault.at)),
    )
