"""Stories in which planned outages are called off or moved: what subscribers read of that, and who finds it wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partialmethod

import pytest

from defib.core.maintenance import Maintenance
from defib.core.page.mail import Letter
from defib.core.page.planned import planned
from defib.core.page.replanned import Told
from sim.fuzz.draw import draw
from sim.fuzz.invariants.subscribers import SubscribersJudge
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Story
from sim.fuzz.world import World
from tests.fuzz.worlds import MINUTE, later

LETTER = SubscribersJudge.letter
EVENING = Maintenance("20:00", timedelta(hours=1), date="2026-08-03")
AT_EIGHT = Told(
    "Planned maintenance: Builds",
    ("worker",),
    datetime(2026, 8, 3, 20, tzinfo=UTC),
    datetime(2026, 8, 3, 21, tzinfo=UTC),
)


def story(*outages: Maintenance) -> Story:
    """The scenario with subscribers, and with that planned from the beginning."""
    found = scenario_story("page-subscribers")
    return replace(found, policy=replace(found.policy, maintenance=outages))


def broken(world: World) -> list[str]:
    return [line for line in world.judge.broken if line.startswith("subscribed: ")]


def letter(told: Told | None, *before: Told) -> Letter:
    about = told or replace(before[0], sequence=before[0].sequence + 1)
    return Letter(about.id, about.sequence, AT_EIGHT.start, "subject", "body", outage=told, outdated=_ids(before))


def _ids(before: Sequence[Told]) -> tuple[str, ...]:
    return tuple(told.id for told in before)


def an_hour_in(*outages: Maintenance) -> World:
    world = World(story(*outages))
    assert world.run() == []
    later(world, timedelta(hours=1))
    return world


def test_in_some_stories_outages_of_which_customers_read_are_replanned(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [s for s in map(draw, range(1_500)) if s.redeployed and s.policy.page.subscribe and _replans(s)]
    assert len(drawn) >= 10
    read = Counter[str]()
    monkeypatch.setattr(SubscribersJudge, "letter", partialmethod(_counted, read))
    for found in drawn[:12]:
        assert lived(found)[1] == []
    assert read["again"] > 0
    assert read["off"] > 0


def _counted(judge: SubscribersJudge, read: Counter[str], letter: Letter, struck: int) -> None:
    if letter.outdated:
        read["off" if letter.outage is None else "again"] += 1
    LETTER(judge, letter, struck)


def _replans(found: Story) -> bool:
    later_on = {service.name: service.maintenance for service in found.redeployed[0].policy.services}
    return any(s.name in later_on and later_on[s.name] != s.maintenance for s in found.policy.services)


@pytest.mark.parametrize(
    ("told", "before", "wrong"),
    [
        (None, (AT_EIGHT,), "is off, or over, which it is not"),
        (replace(AT_EIGHT, end=AT_EIGHT.end + MINUTE, sequence=1), (AT_EIGHT,), "which is not planned so"),
        (replace(AT_EIGHT, sequence=1), (AT_EIGHT,), "is otherwise, which it is not"),
        (
            replace(AT_EIGHT, start=AT_EIGHT.start - MINUTE, sequence=1),
            (replace(AT_EIGHT, start=AT_EIGHT.start + MINUTE),),
            "of which they have not read",
        ),
    ],
)
@pytest.mark.breaks("subscribed")
def test_a_letter_about_what_has_not_become_of_an_outage_is_found(
    told: Told | None, before: tuple[Told, ...], wrong: str
) -> None:
    world = an_hour_in(EVENING)
    world.judge.letter(letter(told, *before), struck=-1)
    assert any(wrong in line for line in broken(world))


def test_one_that_was_called_off_may_be_announced_again_but_not_twice() -> None:
    world = an_hour_in()
    world.judge.truth.policy = story(EVENING).policy
    for struck in (1, 2):
        world.judge.letter(letter(AT_EIGHT), struck)
    world.judge.truth.policy = story().policy
    world.judge.letter(letter(None, AT_EIGHT), struck=3)
    world.judge.truth.policy = story(EVENING).policy
    world.judge.letter(letter(AT_EIGHT), struck=3)
    assert broken(world) == []
    world.judge.letter(letter(AT_EIGHT), struck=3)
    assert any("again, for no reason" in line for line in broken(world))


@pytest.mark.parametrize(
    ("first", "then", "wrong"),
    [((EVENING,), (), "still expect"), ((), (EVENING,), "never read of"), ((EVENING,), (EVENING,), "")],
)
def test_what_subscribers_were_never_told_of_an_outage_is_found_in_the_end(
    first: tuple[Maintenance, ...], then: tuple[Maintenance, ...], wrong: str
) -> None:
    world = an_hour_in(*first)
    world.judge.truth.policy = story(*then).policy
    pages = world.site.pages
    pages.append(replace(pages[-1], planned=planned(world.judge.truth.policy, world.time.now)))
    world.judge.at_end(world.lanes)
    assert any(wrong in line for line in broken(world)) if wrong else broken(world) == []
