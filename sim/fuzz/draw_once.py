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
from sim.fuzz.trouble import VERSIONED, Spell, Trouble
from sim.replies import Reply, Through
from sim.scenario import Fault

MOVES_EVERY, LOSES_EVERY, STARTS_EVERY, REFUSES_EVERY = 3, 4, 6, 3
"""One of so many stories has it: what an act was decided on changes; events get lost; somebody starts what Defib stops;
somebody says no to a repair, where any is asked about."""
SPARED_EVERY, STRIKES_EVERY = 2, 2
"""One of so many stories has none of what befalls the next few of a kind; in the others each kind is in one of so many:
in all in one of four, and half of the stories stay calm enough for what only counts then."""
MESSAGES = (
    (Trouble.MESSAGE_LATE, "events", (2, 3, 5)),
    (Trouble.MESSAGE_DOUBLED, "events", (1, 2, 5)),
    (Trouble.MESSAGE_LATE, "notices", (1, 2, 5)),
    (Trouble.MESSAGE_DOUBLED, "notices", (1, 2, 5)),
)
"""What befalls which messages, and how many: of several that are late one overtakes the other."""
CALLS_FAIL = (Trouble.REFUSED, Trouble.HANGS, Trouble.ANSWER_LOST)
LEAVES_SOMETHING = ("ec2.perform", "table.write", "queue.orders", "queue.notices", "channel.publish", "site.lay_out")
"""Calls after which a process dies: those that leave something done."""
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


def with_what_strikes(story: Story, random: Random) -> Story:
    """The story with messages and calls of the kinds that seldom come, befallen from a fault on: the next few of each.

    Where people can answer by a link somebody does: nobody else puts anything on the bus for Defib.
    """
    if random.randrange(SPARED_EVERY) == 0:
        return story
    spells = [*_messages(story, random), *_calls(story, random)]
    if story.policy.answers.enabled and story.scenario.faults:
        fault = random.choice(story.scenario.faults)
        at = fault.at + timedelta(seconds=random.randint(120, 900))
        clicked = Reply(at, fault.on, Say.ACKNOWLEDGE, through=Through.LINK)
        story = replace(story, scenario=replace(story.scenario, answers=(*story.scenario.answers, clicked)))
        fails = _few(story, random, "bus.put", timedelta(0))
        # EventBridge may take an answer's events in part, in an answer that is no error.
        partly = replace(fails, trouble=Trouble.PARTLY, times=1)
        spells += [partly, fails] if random.randrange(STRIKES_EVERY) == 0 else [fails]
    return replace(story, spells=(*story.spells, *spells))


def _messages(story: Story, random: Random) -> Iterator[Spell]:
    for trouble, on, few in MESSAGES:
        if random.randrange(STRIKES_EVERY) == 0:
            yield _waiting(story, random, trouble, on, random.choice(few))


def _calls(story: Story, random: Random) -> Iterator[Spell]:
    """Of those only that the policy has Defib make; of acts those that change something."""
    policy, scenario = story.policy, story.scenario
    at = random.choice(scenario.faults).at if scenario.faults else timedelta(0)
    every = {
        "channel.publish": STRIKES_EVERY,
        # Few have one at all.
        "channel.chat": 1 if any(contact.chat for contact in policy.contacts) else 0,
        "site.lay_out": STRIKES_EVERY if policy.page.enabled else 0,
        "ec2.perform": STRIKES_EVERY,
    }
    for on, number in every.items():
        if number and random.randrange(number) == 0:
            spell = _few(story, random, on, at)
            yield replace(spell, by="remediate") if on == "ec2.perform" else spell
    for trouble, on in ((Trouble.CONFLICTS, VERSIONED), (Trouble.DIES_AFTER, random.choice(LEAVES_SOMETHING))):
        if random.randrange(STRIKES_EVERY) == 0:
            yield replace(_few(story, random, on, at), trouble=trouble)


def _few(story: Story, random: Random, on: str, at: timedelta) -> Spell:
    """One to five calls that fail, from ``at`` to the end."""
    trouble, until = random.choice(CALLS_FAIL), story.scenario.until
    return Spell(at=at, lasts=until - at, trouble=trouble, on=on, times=random.randint(1, 5))


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
