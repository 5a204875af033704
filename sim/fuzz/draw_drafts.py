"""Pages that wait for a person, and people who publish what Defib has drafted, in time or too late."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import timedelta
from random import Random

import tomli_w

from defib.core.page.settings import Publishing
from defib.core.parse import parse
from sim.fuzz.story import Story

ONE_IN = 8
"""Of so many stories with a page one has it wait for a person, besides those whose policy does so anyway."""


def with_drafts(story: Story, random: Random) -> Story:
    """The story with such a page, and with those who publish."""
    if not story.policy.page.enabled:
        return story
    if story.policy.page.publishing is Publishing.AUTOMATIC:
        if random.randrange(ONE_IN):
            return story
        table = tomllib.loads(story.policy_text)
        table["page"]["publishing"] = Publishing.DRAFT.value
        text = tomli_w.dumps(table)
        story = replace(story, policy_text=text, policy=parse(text))
    faults = [fault.at for fault in story.scenario.faults] or [timedelta(0)]
    asked = story.policy.page.hold
    moments = (random.choice(faults) + asked + timedelta(seconds=random.randint(60, 1200)) for _ in range(4))
    return replace(story, published=tuple(sorted(at for at in moments if random.random() < 0.6)))
