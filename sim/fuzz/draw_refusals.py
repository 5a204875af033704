"""What AWS refuses for a while: what a role may not do, part of a batch, a second write; and reads that lag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from sim.fuzz.story import Story
from sim.fuzz.trouble import INDEX, OUTSIDE, VERSIONED, Spell, Trouble

BATCHED = "queue.signals"
"""The call that sends many at once."""


def with_refusals(story: Story, random: Random) -> Story:
    """The story with one or two such troubles, in one of four."""
    if random.random() > 0.25:
        return story
    return replace(story, spells=(*story.spells, *_refusals(story, random)))


def _refusals(story: Story, random: Random) -> Iterator[Spell]:
    """Mostly while Defib is at work. What a role may not do is mended by an operator, within half an hour."""
    for _ in range(random.choice((1, 1, 2))):
        trouble = random.choice((Trouble.DENIED, Trouble.DENIED, Trouble.PARTLY, Trouble.STALE, Trouble.CONFLICTS))
        on = {Trouble.PARTLY: BATCHED, Trouble.STALE: INDEX, Trouble.CONFLICTS: VERSIONED}.get(trouble, "")
        faults = story.scenario.faults
        struck = random.choice(faults).at if faults and random.random() < 0.8 else timedelta(0)
        most = 600 if struck else int(story.scenario.until.total_seconds() * 0.8)
        longest = 1800 if trouble is Trouble.DENIED else 600
        yield Spell(
            at=struck + timedelta(seconds=random.randint(0, most)),
            lasts=timedelta(seconds=random.choice((5, 30, 120, longest))),
            trouble=trouble,
            on=on or random.choice(OUTSIDE),
            chance=1.0 if trouble is Trouble.DENIED else random.choice((0.1, 0.5, 1.0)),
            delay=timedelta(seconds=random.choice((1, 5, 60))) if trouble is Trouble.STALE else timedelta(0),
        )
