"""Instances that Defib must leave to others, or knows from EC2's word alone: by what they are, and who has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.guards.ownership import INTERRUPTED
from defib.core.policy import Mode, Policy
from sim.faults import FaultKind
from sim.fuzz.draw_fleet import OF_FLEETS
from sim.fuzz.story import Story
from sim.scenario import Fault, Fleet, Scenario, TargetGroup
from sim.scenario_value import Trait

ONE_OF = 4
"""One of so many stories has some."""
KINDS: Mapping[tuple[Trait, ...], int] = {
    (Trait.SPOT,): 3,
    (Trait.MANAGED,): 3,
    (Trait.PLACEMENT_GROUP,): 2,
    (Trait.PUBLIC_IP, Trait.SECOND_INTERFACE): 3,
}
"""How often each is drawn."""
NAME = "addressed"
WRONG = (FaultKind.HUNG_KERNEL, FaultKind.ZOMBIE, FaultKind.SYSTEM_IMPAIRED)
BY_ADDRESS = 0.5
"""How many of the target groups that may have their targets by address have them so, in such a story."""
A_SPOT_INTERRUPTED = 0.5


def with_kinds(story: Story, random: Random) -> Story:
    """The story with some, in one of four: of its own fleets, not of those that another story needs as they are."""
    if random.randrange(ONE_OF):
        return story
    scenario = _with_one_by_address(story.scenario, story.policy, random)
    full = {name for fault in scenario.faults if fault.kind is FaultKind.START_CAPACITY for name in fault.on}
    fleets = tuple(_of_a_kind(fleet, full, random) if fleet.name in OF_FLEETS else fleet for fleet in scenario.fleet)
    spot = {name for fleet in fleets if Trait.SPOT in fleet.traits for name in fleet.names}
    return replace(
        story,
        scenario=replace(
            scenario,
            fleet=fleets,
            faults=tuple(_interrupted(fault, spot, random) for fault in scenario.faults),
            target_groups=tuple(_by_address(group, fleets, random) for group in scenario.target_groups),
        ),
    )


def _with_one_by_address(scenario: Scenario, policy: Policy, random: Random) -> Scenario:
    """The scenario with one or two instances more, of a service whose group has them by address, where one names such.

    Defib knows of the groups by address that a service names, and of no others.
    """
    here = {group.name for group in scenario.target_groups}
    healed = (service for service in policy.services if service.mode is Mode.HEAL)
    free = [(s.name, group.name) for s in healed for group in s.target_groups if group.name not in here]
    if not free:
        return scenario
    service, group_name = random.choice(free)
    fleet = Fleet(name=NAME, count=random.choice((1, 2)), service=service, target_group=group_name)
    at = timedelta(seconds=random.randint(60, int(scenario.until.total_seconds() * 0.5)))
    wrong = Fault(at=at, on=(f"{NAME}-1",), kind=random.choice(WRONG), cured_by=None)
    return replace(
        scenario,
        fleet=(*scenario.fleet, fleet),
        target_groups=(*scenario.target_groups, TargetGroup(group_name, by_address=True)),
        faults=tuple(sorted((*scenario.faults, wrong), key=lambda fault: fault.at)),
    )


def _of_a_kind(fleet: Fleet, full: set[str], random: Random) -> Fleet:
    """``full`` are those for which there is no room for a while, as in a placement group there often is none."""
    drawn = random.choices([(), *KINDS], [4, *KINDS.values()])[0]
    if not full.isdisjoint(fleet.names):
        drawn = (Trait.PLACEMENT_GROUP,)
    # An Elastic IP address is in the place of one that AWS assigns.
    kept = (t for t in fleet.traits if t not in drawn and (t is not Trait.ELASTIC_IP or Trait.PUBLIC_IP not in drawn))
    return replace(fleet, traits=(*kept, *drawn))


def _interrupted(fault: Fault, spot: set[str], random: Random) -> Fault:
    """What stops a Spot Instance unasked is mostly EC2, which wants it back."""
    if fault.kind is not FaultKind.STOPPED_UNASKED or not spot & {*fault.on} or random.random() > A_SPOT_INTERRUPTED:
        return fault
    return replace(fault, reason=random.choice(sorted(INTERRUPTED)))


def _by_address(group: TargetGroup, fleets: tuple[Fleet, ...], random: Random) -> TargetGroup:
    """An Auto Scaling group registers its members by their ids."""
    behind = [fleet for fleet in fleets if fleet.target_group == group.name]
    drawn = random.random() < BY_ADDRESS
    may = all(fleet.name in OF_FLEETS and not fleet.group for fleet in behind)
    return replace(group, by_address=True) if may and drawn else group
