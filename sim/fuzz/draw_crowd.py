"""A crowd: hundreds fail within minutes, in no zone so many that the zone is it, and more than can be looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.policy import Policy
from sim.fuzz.draw_faults import OF_A_STORM
from sim.fuzz.draw_fleet import ZONES
from sim.scenario import Fault, Fleet, Scenario

CROWDS_EVERY = 500
"""One of so many stories has a crowd: it takes as long as hundreds of others."""
NAME = "crowd"


def with_crowd(scenario: Scenario, policy: Policy, random: Random) -> Scenario:
    """The scenario with hundreds more instances, of which many fail besides what fails anyway."""
    service = random.choice(policy.services)
    fleet = Fleet(name=NAME, count=random.choice((900, 1_400, 2_000)), service=service.name, zones=ZONES)
    # Drawn policies call a zone impaired from a share on, mostly 30 %.
    failing = random.sample(range(1, fleet.count + 1), int(fleet.count * random.uniform(0.22, 0.28)))
    begins, kind = timedelta(seconds=random.randint(60, 300)), random.choice(OF_A_STORM[:-1])
    within, lasts = random.choice((10, 60, 180)), timedelta(minutes=random.randint(10, 25))
    ends = random.random() < 0.6
    faults = [
        Fault(
            at=begins + timedelta(seconds=random.uniform(0, within)),
            on=(f"{NAME}-{number}",),
            kind=kind,
            lasts=lasts if ends else None,
        )
        for number in failing
    ]
    together = sorted((*scenario.faults, *faults), key=lambda fault: fault.at)
    return replace(scenario, fleet=(*scenario.fleet, fleet), faults=tuple(together))
