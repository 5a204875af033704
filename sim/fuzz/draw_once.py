"""What would hardly ever meet Defib at work, drawn so that it does.

A spell of seconds or minutes seldom meets an order, or an event, on its way: here it waits for one. Somebody who is at
work on an instance is so on one that Defib will stop; who says no does so when they are likely to have been asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.answer.link import Say
from defib.core.policy import Mode
from sim.faults import FaultKind
from sim.fuzz.story import Interference, Story
from sim.fuzz.trouble import Spell, Trouble
from sim.replies import Reply, Through
from sim.scenario import Fault

MOVES_EVERY, LOSES_EVERY, STARTS_EVERY, REFUSES_EVERY = 3, 4, 6, 3
"""One of so many stories has it: what an act was decided on changes; events get lost; somebody starts what Defib stops;
somebody says no to a repair, where any is asked about."""
NEEDS_A_STOP = frozenset({FaultKind.HUNG_KERNEL, FaultKind.SYSTEM_IMPAIRED, FaultKind.EBS_IMPAIRED})


def with_what_comes_once(story: Story, random: Random) -> Story:
    """The story with what waits from some moment after a fault on, to the end, for something to befall, and people."""
    scenario = replace(story.scenario, answers=(*story.scenario.answers, *_refusals(story, random)))
    meddling = (*story.meddling, *_starts(story, random))
    return replace(story, scenario=scenario, meddling=meddling, spells=(*story.spells, *_spells(story, random)))


def _spells(story: Story, random: Random) -> Iterator[Spell]:
    if random.randrange(MOVES_EVERY) == 0:
        for _ in range(random.choice((1, 1, 2))):
            yield _waiting(story, random, Trouble.WORLD_MOVES, "queue.orders", 1)
    if random.randrange(LOSES_EVERY) == 0:
        yield _waiting(story, random, Trouble.MESSAGE_LOST, "events", random.choice((1, 2, 5)))


def _waiting(story: Story, random: Random, trouble: Trouble, on: str, times: int) -> Spell:
    scenario = story.scenario
    struck = random.choice(scenario.faults).at if scenario.faults else timedelta(0)
    at = min(struck + timedelta(seconds=random.choice((0, 60, 150, 300, 600))), scenario.until - timedelta(seconds=1))
    return Spell(at=at, lasts=scenario.until - at, trouble=trouble, on=on, times=times)


def _starts(story: Story, random: Random) -> Iterator[Interference]:
    stopped = [fault for fault in _of(story, Mode.HEAL) if fault.kind in NEEDS_A_STOP]
    if stopped and random.randrange(STARTS_EVERY) == 0:
        fault = random.choice(stopped)
        yield Interference(fault.at, fault.on[0], starts=True)


def _refusals(story: Story, random: Random) -> Iterator[Reply]:
    asked = _of(story, Mode.APPROVE)
    if asked and random.randrange(REFUSES_EVERY) == 0:
        fault = random.choice(asked)
        at = fault.at + timedelta(seconds=random.randint(150, 700))
        yield Reply(at, fault.on, Say.REJECT, through=Through.COMMAND)


def _of(story: Story, mode: Mode) -> list[Fault]:
    """The faults of instances whose service has that mode."""
    known = {fleet.name: story.policy.service(fleet.service) for fleet in story.scenario.fleet}
    modes = {name: service.mode for name, service in known.items() if service is not None}
    return [fault for fault in story.scenario.faults if modes.get(fault.on[0].rpartition("-")[0]) is mode]
