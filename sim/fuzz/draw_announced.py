"""Spot Instances of which AWS announces an event: nobody can stop and start them, so nobody may be told to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from sim.faults import EventCode, FaultKind
from sim.fuzz.story import Story
from sim.scenario import Fault, Fleet
from sim.scenario_value import Trait

ANNOUNCED_EVERY = 12
"""One of so many stories has one."""
NAME = "bought"


def with_an_announced_one(story: Story, random: Random) -> Story:
    """The story with one more instance, in one of twelve."""
    if random.randrange(ANNOUNCED_EVERY):
        return story
    scenario = story.scenario
    fleet = Fleet(name=NAME, count=1, service=random.choice(story.policy.services).name, traits=(Trait.SPOT,))
    at = timedelta(seconds=random.randint(0, int(scenario.until.total_seconds() * 0.5)))
    event, due_in = random.choice([*EventCode]), timedelta(hours=random.choice((2, 12, 24 * 6)))
    announced = Fault(at=at, on=fleet.names, kind=FaultKind.EVENT_ANNOUNCED, event=event, due_in=due_in)
    faults = tuple(sorted((*scenario.faults, announced), key=lambda fault: fault.at))
    return replace(story, scenario=replace(scenario, fleet=(*scenario.fleet, fleet), faults=faults))
