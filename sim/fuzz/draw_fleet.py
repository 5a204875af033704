"""Fleets of every kind that scenarios know: services and none, zones, load balancers, Auto Scaling groups, traits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.policy import Policy
from sim.scaling_group import ScalingGroup
from sim.scenario import Durations, Fleet, TargetGroup
from sim.scenario_value import Range, Trait

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
FLEETS_MOST = 3
OF_FLEETS = tuple(f"f{n}" for n in range(FLEETS_MOST))
"""The names of the fleets that are drawn here."""
TRAITS = (
    Trait.PUBLIC_IP,
    Trait.ELASTIC_IP,
    Trait.STOP_PROTECTION,
    Trait.TERMINATION_PROTECTION,
    Trait.HIBERNATION,
    Trait.DEDICATED_HOST,
    Trait.WINDOWS,
)
"""Those that are drawn here, for ever: with one more, every seed would have another story. The others are drawn by
themselves (sim/fuzz/draw_kinds.py)."""


def fleets_of(policy: Policy, random: Random) -> tuple[Fleet, ...]:
    """One to three fleets of the policy's services, or of none."""
    return tuple(_fleet(name, policy, random) for name in OF_FLEETS[: random.randint(1, FLEETS_MOST)])


def _fleet(name: str, policy: Policy, random: Random) -> Fleet:
    services = [*(service.name for service in policy.services), *(["nobodys"] if random.random() < 0.2 else [])]
    service = policy.service(random.choice(services))
    tags = {"karpenter.sh/nodepool": ("pool",)} if random.random() < 0.05 else {}
    fleet = Fleet(
        name=name,
        count=random.choice((1, 1, 2, 3, 4, 6, 8, 10)),
        service=service.name if service is not None else "nobodys",
        zones=ZONES[: random.choice((1, 2, 3, 3))],
        instance_type=random.choices(("m7g.large", "m7gd.large"), (9, 1))[0],
        tags=tags,
        opted_in=random.random() < 0.9,
        traits=tuple(t for t in TRAITS if random.random() < 0.05),
    )
    if random.random() < 0.5:
        known = service.target_groups if service is not None else ()
        fleet = replace(fleet, target_group=known[0].name if known else name)
    if random.random() < 0.35:
        fleet = replace(fleet, group=f"g{name}")
    if random.random() < 0.2:
        fleet = replace(fleet, application_check=random.randint(1, 4))
    return fleet


def target_groups_of(fleets: Sequence[Fleet], random: Random) -> tuple[TargetGroup, ...]:
    return tuple(
        TargetGroup(
            name, deregistration_delay=timedelta(seconds=random.choice((0, 30, 300))), opted_in=random.random() < 0.85
        )
        for name in sorted({f.target_group for f in fleets if f.target_group})
    )


def scaling_groups_of(fleets: Sequence[Fleet], random: Random) -> tuple[ScalingGroup, ...]:
    return tuple(_scaling_group(fleet, random) for fleet in fleets if fleet.group)


def _scaling_group(fleet: Fleet, random: Random) -> ScalingGroup:
    group = ScalingGroup(fleet.group, random.randint(0, fleet.count), opted_in=random.random() < 0.85)
    if random.random() > 0.45:
        return group
    # A broken image, until somebody mends it; what only comes up late is dead for a while.
    lasts = timedelta(minutes=random.randint(1, 40)) if random.random() < 0.3 else None
    # By its application check the group itself replaces what is dead, one a minute, until somebody mends the image: or
    # there would be no end to the story.
    most = 30 if fleet.application_check else 1_000
    return replace(group, dead_launches=random.choice((1, 3, most)), dead_for=lasts)


def durations_of(random: Random) -> Durations:
    """How long AWS takes."""
    if random.random() < 0.5:
        return Durations()
    return Durations(
        stop=Range.of(5, random.choice((20, 75, 240))),
        pending=Range.of(5, random.choice((15, 60, 200))),
        boot=Range.of(10, random.choice((30, 120))),
        checks=Range.of(60, random.choice((90, 240))),
        read_lag=Range.of(0, random.choice((0, 2, 15))),
    )
