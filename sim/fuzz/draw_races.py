"""Calls that take time, so that other invocations do their work while one is in the middle of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from sim.fuzz.story import Story
from sim.fuzz.trouble import Spell, Trouble

ONE_OF = 4
"""One of so many stories has some."""
BETWEEN = {
    "remediate": (*("ec2.perform",) * 3, "ec2.observe", "table.read", "table.write", "switch.read"),
    "diagnose": ("ec2.observe", "table.read", "table.write", "queue.orders", "queue.signals", "switch.read"),
    "evidence": ("ec2.perform", "ec2.observe", "table.write", "queue.signals"),
    "sweep": ("ec2.suspects", "table.read", "table.write", "queue.signals"),
    "publish": ("table.read", "table.write", "channel.publish"),
}
"""Which calls of which function: those that something hangs on that others may do, too."""
SECONDS = (1, 4, 8, 15, 19, 25, 40)
"""What they take: less than a function's time, more than a call may take, or more than the function's own."""


def with_races(story: Story, random: Random) -> Story:
    """The story with a few such spells, in one of four; half of them with messages that come twice meanwhile.

    None with a deployment: an invocation that outlasts it goes on by the policy that it began with.
    """
    if random.randrange(ONE_OF) or story.redeployed:
        return story
    return replace(story, spells=(*story.spells, *_races(story, random)))


def _races(story: Story, random: Random) -> Iterator[Spell]:
    """Mostly while Defib is at work; what befalls acts, to the end, since there are few."""
    for _ in range(random.choice((1, 2, 3))):
        by = random.choice(
            ("remediate", "remediate", "remediate", "diagnose", "diagnose", "sweep", "publish", "evidence")
        )
        on, faults = random.choice(BETWEEN[by]), story.scenario.faults
        struck = random.choice(faults).at if faults and random.random() < 0.9 else timedelta(0)
        at, lasts = struck + timedelta(seconds=random.randint(0, 400)), random.choice((30, 120, 600, 1200))
        if on == "ec2.perform":
            at, lasts = struck, int(story.scenario.until.total_seconds())
        yield Spell(
            at=at,
            lasts=timedelta(seconds=lasts),
            trouble=random.choice((Trouble.FROZEN, Trouble.SLOW, Trouble.SLOW, Trouble.HANGS_LONG)),
            on=on,
            chance=random.choice((0.2, 0.5, 1.0)),
            by=by,
            delay=timedelta(seconds=random.choice(SECONDS)),
        )
        if random.random() < 0.6:
            yield _twice(at, timedelta(seconds=lasts), random)


def _twice(at: timedelta, lasts: timedelta, random: Random) -> Spell:
    """What is at work is told again: at the same time, or by a message that the queue delivers once more."""
    if random.random() < 0.3:
        on = random.choice(("orders", "signals", "events"))
        return Spell(at, lasts, Trouble.MESSAGE_DOUBLED, on, random.choice((0.5, 1.0)))
    delay = timedelta(seconds=random.choice((2, 6, 12, 40)))
    return Spell(at, lasts, Trouble.QUEUE_DOUBLES, random.choice(("orders", "signals", "signals")), delay=delay)
