"""AWS shifts traffic by itself: autoshifts and practice runs, away from a zone that fails or from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.policy import Policy
from defib.core.shifting import shiftable
from sim.fuzz.draw_faults import OF_A_STORM
from sim.fuzz.draw_fleet import ZONES
from sim.scenario import Fault, Fleet, Scenario, TargetGroup
from sim.shifts import AwsShift

NAME = "zonal"


def with_shifts(scenario: Scenario, policy: Policy, random: Random) -> Scenario:
    """The scenario with what AWS shifts; where Defib may shift, too, in half of them with a zone that fails."""
    if not any(service.target_groups for service in policy.services):
        return scenario
    may_shift = bool(shiftable(policy))
    if may_shift and random.random() < 0.5:
        scenario = _with_failing_zone(scenario, policy, random)
    if random.random() > (0.6 if may_shift else 0.2):
        return scenario
    return replace(scenario, aws_shifts=(*scenario.aws_shifts, *_shifts(scenario, random)))


def _with_failing_zone(scenario: Scenario, policy: Policy, random: Random) -> Scenario:
    """One more fleet behind a load balancer that Defib may shift; all of it fails that is in one zone."""
    service = random.choice([service for service in policy.services if service.target_groups])
    group = service.target_groups[0].name
    count = random.choice((6, 9, 12))
    begins = random.randint(60, int(scenario.until.total_seconds() * 0.4))
    lasts = timedelta(minutes=random.randint(4, 25)) if random.random() < 0.8 else None
    zone, kind = random.randrange(len(ZONES)), random.choice(OF_A_STORM[:-1])
    faults = [
        Fault(timedelta(seconds=begins + random.randint(0, 60)), (f"{NAME}-{n + 1}",), kind, lasts=lasts)
        for n in range(zone, count, len(ZONES))
    ]
    # AWS notices it, too, about as soon, and gives back early.
    near, soon = timedelta(seconds=max(begins + random.randint(-60, 180), 0)), random.randint(60, 600)
    noticed = (AwsShift(near, ZONES[zone], timedelta(seconds=soon)),) if random.random() < 0.4 else ()
    fleet = Fleet(name=NAME, count=count, service=service.name, target_group=group, zones=ZONES)
    known = {spec.name for spec in scenario.target_groups}
    return replace(
        scenario,
        fleet=(*scenario.fleet, fleet),
        target_groups=scenario.target_groups if group in known else (*scenario.target_groups, TargetGroup(group)),
        faults=tuple(sorted((*scenario.faults, *faults), key=lambda fault: fault.at)),
        aws_shifts=noticed,
    )


def _shifts(scenario: Scenario, random: Random) -> Iterator[AwsShift]:
    """Mostly soon before or after something has failed, and in its zone or in another."""
    zones = {f"{f.name}-{n + 1}": f.zones[n % len(f.zones)] for f in scenario.fleet for n in range(f.count)}
    most = int(scenario.until.total_seconds()) - 1
    for _ in range(random.choice((1, 1, 2, 3))):
        fault = random.choice(scenario.faults) if scenario.faults and random.random() < 0.8 else None
        near = int(fault.at.total_seconds()) + random.randint(-120, 600) if fault else random.randint(0, most)
        failing = zones.get(fault.on[0], ZONES[0]) if fault else ZONES[0]
        yield AwsShift(
            at=timedelta(seconds=min(max(near, 0), most)),
            zone=failing if random.random() < 0.5 else random.choice(ZONES),
            lasts=timedelta(seconds=random.randint(60, 2400)),
            practice=random.random() < 0.3,
        )
