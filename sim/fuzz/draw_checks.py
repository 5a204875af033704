"""Status checks that have nothing to say for minutes after a start, though others pass: the applications' and EBS's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from sim.fuzz.draw_fleet import OF_FLEETS
from sim.fuzz.story import Story
from sim.scenario import Fleet

SLOW_EVERY, DRAINING_EVERY = 4, 8
"""One of so many stories has some such checks; has such load balancers."""
EITHER = ((True, False), (False, True), (True, True))
"""Whether the applications' are slow, and EBS's."""


def with_slow_checks(story: Story, random: Random) -> Story:
    """The story with some, in one of four."""
    if random.randrange(SLOW_EVERY):
        return story
    of_applications, of_ebs = random.choice(EITHER)
    scenario = story.scenario
    if of_applications:
        scenario = replace(scenario, fleet=tuple(_slow(fleet, random) for fleet in scenario.fleet))
    if of_ebs:
        longer = timedelta(seconds=random.randint(30, 600))
        scenario = replace(scenario, durations=replace(scenario.durations, attached_ebs=longer))
    return replace(story, scenario=scenario)


def with_draining_targets(story: Story, random: Random) -> Story:
    """The story with Network Load Balancers that leave an unhealthy target its connections, in one of eight."""
    if random.randrange(DRAINING_EVERY):
        return story
    groups = tuple(replace(group, drains_unhealthy=True) for group in story.scenario.target_groups)
    return replace(story, scenario=replace(story.scenario, target_groups=groups))


def _slow(fleet: Fleet, random: Random) -> Fleet:
    """Where there was no check, one that no group goes by."""
    fails_after, grace = random.randint(1, 4), timedelta(minutes=random.randint(1, 10))
    if fleet.application_check:
        return replace(fleet, application_grace=grace)
    if fleet.group or fleet.name not in OF_FLEETS or fails_after > 2:
        return fleet
    return replace(fleet, application_check=fails_after, application_grace=grace)
