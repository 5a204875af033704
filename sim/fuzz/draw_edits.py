"""Programs that add services to the page by the Stashboard API, and delete events, statuses and services there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from defib.core.page.model import ComponentStatus
from sim.fuzz.draw_posts import STANDS, with_api
from sim.fuzz.edits import ICONS
from sim.fuzz.story import Edit, Edited, Posted, Story

ONE_IN = 8
"""Of so many stories with a page one has such programs."""
NAMES = ("partners", "payments", "search")


def with_edits(story: Story, random: Random) -> Story:
    """The story with what they change, and with what is posted there besides."""
    if not story.policy.page.enabled or random.randrange(ONE_IN):
        return story
    programs = random.sample((_add, _add, _clean_up, _without_status, _mistaken), random.choice((1, 2, 2, 3)))
    does = [one for program in programs for one in program(story, soon(story, random), random)]
    does.sort(key=lambda one: one.at)
    posted = sorted((*story.posted, *(one for one in does if isinstance(one, Posted))), key=lambda one: one.at)
    edited = tuple(one for one in does if isinstance(one, Edited))
    return replace(with_api(story), posted=tuple(posted), edited=edited)


def soon(story: Story, random: Random) -> timedelta:
    """Mostly about when something has broken."""
    struck = random.choice(story.scenario.faults).at if story.scenario.faults else timedelta(0)
    return max(struck + timedelta(seconds=random.randint(-300, 900)), timedelta(0))


def _later(random: Random) -> timedelta:
    return timedelta(seconds=random.randint(10, 600))


def _add(story: Story, at: timedelta, random: Random) -> Iterator[Edited | Posted]:
    """A service that no policy has; now and then the policy has it, but does not show it."""
    hidden = [service.name for service in story.policy.services if not service.page.title]
    on = random.choice(hidden if hidden and random.random() < 0.3 else NAMES)
    yield Edited(at, Edit.ADD_SERVICE, on)
    for _ in range(random.choice((0, 1, 2))):
        at += _later(random)
        yield Posted(at, on, random.choice((*STANDS, *STANDS, ComponentStatus.OPERATIONAL)))
    if random.random() < 0.6:
        at += _later(random)
        yield Edited(at, Edit.DELETE_SERVICE, on)
        if random.random() < 0.4:
            yield Edited(at + _later(random), Edit.ADD_SERVICE, on)


def _clean_up(story: Story, at: timedelta, random: Random) -> Iterator[Edited | Posted]:
    """Whatever is said of a service is deleted."""
    shown = [service.name for service in story.policy.services if service.page.title]
    on = random.choice(shown or NAMES)
    if random.random() < 0.6:
        yield Posted(at, on, random.choice(STANDS))
    for _ in range(random.choice((1, 1, 2))):
        at += _later(random)
        yield Edited(at, Edit.DELETE_EVENTS, on)
    if random.random() < 0.5:
        yield Posted(at + _later(random), on, ComponentStatus.OPERATIONAL)


def _without_status(_: Story, at: timedelta, random: Random) -> Iterator[Edited]:
    """A status is deleted, and mostly made again."""
    on = random.choice(tuple(ICONS))
    yield Edited(at, Edit.DELETE_STATUS, on)
    if random.random() < 0.7:
        yield Edited(at + _later(random), Edit.ADD_STATUS, on)


def _mistaken(story: Story, at: timedelta, random: Random) -> Iterator[Edited]:
    """A service of the policy's is added, or deleted: both are refused."""
    on = random.choice(story.policy.services).name
    yield Edited(at, random.choice((Edit.ADD_SERVICE, Edit.DELETE_SERVICE)), on)
