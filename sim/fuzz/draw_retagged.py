"""Instances whose tags make them another service's, or nobody's, at whatever point of a repair, and while one waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.policy import Mode, Service
from sim.faults import EventCode, FaultKind
from sim.fuzz.story import NOBODYS, Interference, Once, Story
from sim.scenario import Fault, Fleet, TargetGroup

RETAGGED_EVERY = 6
"""One of so many stories has one."""
NAME = "given"
ZONE = "us-east-1d"
"""One of its own: a zone that fails holds what fails there."""
FAILS = (FaultKind.HUNG_KERNEL, FaultKind.SYSTEM_IMPAIRED, FaultKind.ZOMBIE)
NOBODYS_SHARE, FOR_GOOD = 0.3, 0.3
BY_THE_CLOCK = 0.2
"""How many are retagged at some time, whatever Defib is at by then."""


def with_retagging(story: Story, random: Random) -> Story:
    """The story with one more fleet, in one of six, of which one fails, or AWS announces something, and is retagged."""
    services = [service for service in story.policy.services if service.mode is Mode.HEAL]
    if random.randrange(RETAGGED_EVERY) or not services:
        return story
    service, once = random.choice(services), random.choice([*Once])
    scenario, group = story.scenario, _target_group(service)
    fleet = Fleet(name=NAME, count=random.choice((1, 2, 4)), service=service.name, zones=(ZONE,))
    if random.random() < 0.7 or once is Once.DRAINED:
        fleet = replace(fleet, target_group=group.name)
    here = {known.name for known in scenario.target_groups}
    added = (group,) if fleet.target_group and group.name not in here else ()
    others = [other.name for other in story.policy.services if other is not service]
    nobodys = not others or random.random() < NOBODYS_SHARE
    at = timedelta(seconds=random.randint(60, int(scenario.until.total_seconds() * 0.5)))
    retagged = Interference(at, fleet.names[0], service=NOBODYS if nobodys else random.choice(others), once=once)
    if random.random() < BY_THE_CLOCK:
        retagged = replace(retagged, at=at + timedelta(seconds=random.randint(30, 1_200)), once=None)
    scenario = replace(
        scenario,
        fleet=(*scenario.fleet, fleet),
        target_groups=(*scenario.target_groups, *added),
        faults=tuple(sorted((*scenario.faults, _wrong(at, fleet, once, random)), key=lambda fault: fault.at)),
    )
    return replace(story, scenario=scenario, meddling=(*story.meddling, retagged))


def _target_group(service: Service) -> TargetGroup:
    """Of one that names target groups Defib asks about no others."""
    named = service.target_groups
    return TargetGroup(named[0].name if named else NAME, deregistration_delay=timedelta(seconds=30))


def _wrong(at: timedelta, fleet: Fleet, once: Once, random: Random) -> Fault:
    on = fleet.names[:1]
    if once is Once.ANNOUNCED:
        event, due_in = random.choice([*EventCode]), timedelta(hours=random.choice((2, 12, 24 * 6)))
        return Fault(at=at, on=on, kind=FaultKind.EVENT_ANNOUNCED, event=event, due_in=due_in)
    # For good, where people are to have it.
    for_good = once is Once.HANDED_OVER or random.random() < FOR_GOOD
    return Fault(at=at, on=on, kind=random.choice(FAILS), cured_by=() if for_good else None)
