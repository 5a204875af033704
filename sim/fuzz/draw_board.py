"""Programs that keep statuses and lists of their own by the Stashboard API, rename services, and only say something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from sim.fuzz.draw_edits import soon
from sim.fuzz.draw_posts import with_api
from sim.fuzz.edits import ICONS
from sim.fuzz.story import Edit, Edited, Story

ONE_IN = 8
"""Of so many stories with a page one has such programs."""
STATUSES = ("unplugged", "slow", "out-of-order")
LISTS = ("shop", "inside")
IMAGES = (*ICONS.values(), "information")
ADDED = "affiliates"
"""A service that nobody but these programs adds."""


def with_board(story: Story, random: Random) -> Story:
    """The story with what they change, beside what others do."""
    if not story.policy.page.enabled or random.randrange(ONE_IN):
        return story
    programs = random.sample((_keeps_status, _keeps_lists, _renames, _only_says), random.choice((1, 2, 2, 3)))
    does = [one for program in programs for one in program(story, soon(story, random), random)]
    edited = tuple(sorted((*story.edited, *does), key=lambda one: one.at))
    return replace(with_api(story), edited=edited)


def _later(random: Random) -> timedelta:
    return timedelta(seconds=random.randint(10, 400))


def _shown(story: Story, random: Random) -> str:
    """A service that is on the page."""
    shown = [service.name for service in story.policy.services if service.page.title]
    return random.choice(shown or [ADDED])


def _keeps_status(story: Story, at: timedelta, random: Random) -> Iterator[Edited]:
    """A status that Stashboard did not begin with, by which it says how a service stands; changed, and deleted."""
    slug, on = random.choice(STATUSES), _shown(story, random)
    yield Edited(at, Edit.ADD_STATUS, slug, random.choice(IMAGES))
    for _ in range(random.choice((1, 2, 3))):
        at += _later(random)
        if random.random() < 0.4:
            yield Edited(at, Edit.CHANGE_STATUS, slug, random.choice(IMAGES))
            at += _later(random)
        yield Edited(at, Edit.SAY, on, slug)
    if random.random() < 0.4:
        at += _later(random)
        yield Edited(at, Edit.DELETE_STATUS, slug)
        yield Edited(at + _later(random), Edit.SAY, on, slug)
    if random.random() < 0.7:
        yield Edited(at + _later(random), Edit.SAY, on, "up")


def _keeps_lists(story: Story, at: timedelta, random: Random) -> Iterator[Edited]:
    """A list, and services in it; now and then one that is not there any more, or never was (400)."""
    listed, other = random.sample(LISTS, 2)
    yield Edited(at, Edit.ADD_LIST, listed)
    for _ in range(random.choice((1, 2, 3))):
        at += _later(random)
        yield Edited(at, Edit.PUT_IN_LIST, _shown(story, random), random.choice((listed, listed, other, "")))
    if random.random() < 0.5:
        at += _later(random)
        yield Edited(at, Edit.DELETE_LIST, listed)
        yield Edited(at + _later(random), random.choice((Edit.ADD_LIST, Edit.DELETE_LIST)), listed)


def _renames(story: Story, at: timedelta, random: Random) -> Iterator[Edited]:
    """A service that was added gets another name; what the policy names can't (400)."""
    yield Edited(at, Edit.ADD_SERVICE, ADDED)
    for name in random.sample(("Partners", "Resellers", "Friends & Co."), 2):
        at += _later(random)
        on = ADDED if random.random() < 0.7 else random.choice(story.policy.services).name
        yield Edited(at, Edit.CHANGE_SERVICE, on, name)
    if random.random() < 0.5:
        yield Edited(at + _later(random), Edit.SAY, ADDED, random.choice(tuple(ICONS)))
    if random.random() < 0.3:
        yield Edited(at + 2 * _later(random), Edit.DELETE_SERVICE, ADDED)


def _only_says(story: Story, at: timedelta, random: Random) -> Iterator[Edited]:
    """Events that are informational, whatever status stands beside them."""
    on = _shown(story, random)
    for _ in range(random.choice((1, 2, 3))):
        yield Edited(at, Edit.ONLY_SAY, on, random.choice(tuple(ICONS)))
        at += _later(random)
