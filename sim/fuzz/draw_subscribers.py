"""Customers may subscribe to the page, and some ask to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from sim.fuzz.story import Asked, Story
from sim.fuzz.trouble import Spell, Trouble

ONE_IN = 4
"""Of so many policies with a page one lets customers subscribe."""
TROUBLES = (
    Trouble.REFUSED,
    Trouble.HANGS,
    Trouble.ANSWER_LOST,
    Trouble.DIES_BEFORE,
    Trouble.DIES_AFTER,
    Trouble.RACE,
)
NO_ADDRESSES = ("", "nobody", "two@example.com, three@example.com", "a@b@example.com", "line\nbreak@example.com")


def subscribing(random: Random) -> dict[str, object]:
    """Keys of a page, where customers may subscribe to it."""
    if random.randrange(ONE_IN):
        return {}
    return {"subscribe": True, "subscriptions_a_day": random.choice((1, 3, 100))}


def with_subscribers(story: Story, random: Random) -> Story:
    """The story with strangers who ask for e-mail, and with trouble on its way to them."""
    if not story.policy.page.enabled or not story.policy.page.subscribe:
        return story
    spells = story.spells
    if random.random() < 0.5:
        at = random.choice(story.scenario.faults).at if story.scenario.faults else timedelta(0)
        lasts = timedelta(seconds=random.choice((30, 300, 900)))
        spells = (*spells, Spell(at, lasts, random.choice(TROUBLES), "subscribers.tell", random.choice((0.3, 1.0))))
    return replace(story, spells=spells, asked=tuple(sorted(_asked(story, random), key=lambda asked: asked.at)))


def _asked(story: Story, random: Random) -> Iterator[Asked]:
    within = random.choice((10, int(story.scenario.until.total_seconds()) - 1))
    for _ in range(random.choice((0, 3, 12))):
        at = timedelta(seconds=random.randint(0, within))
        if random.random() < 0.15:
            yield Asked(at, random.choice(NO_ADDRESSES))
        else:
            number = random.randint(1, 6)
            yield Asked(at, random.choice((f"customer{number}@example.com", f" Customer{number}@Example.com ")))
