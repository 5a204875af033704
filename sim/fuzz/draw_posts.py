"""Programs that say on the page how a service stands, beside what Defib finds, or against it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import tomli_w

from defib.core.page.model import ComponentStatus
from defib.core.parse import parse
from sim.fuzz.story import Posted, Story

ONE_IN = 8
"""Of so many stories with a page one has such programs."""
STANDS = (ComponentStatus.DEGRADED, ComponentStatus.MAJOR_OUTAGE)


def with_posts(story: Story, random: Random) -> Story:
    """The story with what they post: trouble, now and then worse or less, and mostly its end."""
    shown = [service.name for service in story.policy.services if service.page.title]
    if not story.policy.page.enabled or not shown or random.randrange(ONE_IN):
        return story
    posted = tuple(sorted(_posts(story, shown, random), key=lambda post: post.at))
    return replace(with_api(story), posted=posted)


def with_api(story: Story) -> Story:
    """The story with the Stashboard API, which its policy then has. There must be a page."""
    table = tomllib.loads(story.policy_text)
    table["page"]["api"] = True
    text = tomli_w.dumps(table)
    return replace(story, policy_text=text, policy=parse(text))


def _posts(story: Story, shown: list[str], random: Random) -> Iterator[Posted]:
    faults = [fault.at for fault in story.scenario.faults] or [timedelta(0)]
    for _ in range(random.choice((1, 2))):
        on = random.choice(shown)
        at = random.choice(faults) + timedelta(seconds=random.randint(0, 900))
        for _ in range(random.choice((1, 1, 2))):
            yield Posted(at, on, random.choice(STANDS))
            at += timedelta(seconds=random.randint(30, 600))
        if random.random() < 0.8:
            yield Posted(at, on, ComponentStatus.OPERATIONAL)
