"""Operators who move traffic by hand while Defib, or AWS, may do so too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.shift import load_balancer_of
from defib.core.shifting import shiftable
from sim.fuzz.draw_fleet import ZONES
from sim.fuzz.draw_shifts import NAME
from sim.fuzz.story import MovedByHand, Story


def with_hands(story: Story, random: Random) -> Story:
    """The story with people's shifts, where there is a load balancer; more often where Defib may shift its traffic."""
    groups = [group for service in story.policy.services for group in service.target_groups]
    ours = shiftable(story.policy)
    if not groups or random.random() > (0.6 if ours else 0.2):
        return story
    balancers = list(ours) or sorted({load_balancer_of(group) for group in groups})
    moves = (move for _ in range(random.choice((1, 1, 2))) for move in _moves(story, balancers, random))
    return replace(story, moved=tuple(sorted(moves, key=lambda move: move.at)))


def _moves(story: Story, balancers: list[str], random: Random) -> Iterator[MovedByHand]:
    """Soon after something has failed: away from its zone or from another, and back; or only back, whoever shifted."""
    scenario, on = story.scenario, random.choice(balancers)
    zones = {f"{f.name}-{n + 1}": f.zones[n % len(f.zones)] for f in scenario.fleet for n in range(f.count)}
    storm = [fault for fault in scenario.faults if fault.on[0].startswith(f"{NAME}-")]
    fault = random.choice(storm or scenario.faults) if scenario.faults else None
    most = int(scenario.until.total_seconds()) - 1
    struck = int(fault.at.total_seconds()) if fault else random.randint(0, most)
    at = timedelta(seconds=min(max(struck + random.randint(-60, 900), 0), most))
    failing = zones.get(fault.on[0], ZONES[0]) if fault else ZONES[0]
    if random.random() < 0.65:
        zone = failing if random.random() < 0.6 else random.choice(ZONES)
        yield MovedByHand(at, on, zone, timedelta(minutes=random.randint(1, 60)))
    if random.random() < 0.6:
        yield MovedByHand(at + timedelta(seconds=random.randint(5, 1200)), on)
