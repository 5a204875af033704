"""A story as a file."""

from __future__ import annotations

import pytest

from sim.fuzz.draw import draw
from sim.fuzz.story_file import StoryError, read, write
from sim.fuzz.trouble import Nth, Trouble
from sim.scenario_file import ScenarioError

ABOUT_ADDRESSES = [seed for seed in range(120) if draw(seed).is_about_addresses]


@pytest.mark.parametrize("seed", [*range(0, 200, 11), *ABOUT_ADDRESSES])
def test_a_written_story_is_read_back_as_it_was(seed: int) -> None:
    story = draw(seed)
    told = read(write(story, Nth(3, Trouble.HANGS, 20)))
    assert (told.story.scenario, told.story.policy) == (story.scenario, story.policy)
    assert (told.story.spells, told.story.meddling) == (story.spells, story.meddling)
    assert (told.story.drills, told.story.asked, told.story.moved) == (story.drills, story.asked, story.moved)
    assert (told.story.posted, told.story.edited) == (story.posted, story.edited)
    assert told.story.published == story.published
    assert told.nth == Nth(3, Trouble.HANGS, 20)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (
            lambda text: f'surprise = "yes"\n{text}',
            "unknown key surprise; allowed: asked, drills, edited, meddling, moved, nth, policy",
        ),
        (lambda text: text.replace("[policy.", "[polity."), "unknown key polity"),
        (lambda _: "", "policy is missing"),
        (lambda _: "= 3", "story: "),
    ],
)
def test_a_file_that_is_no_story_says_what_to_mend(damage: object, says: str) -> None:
    assert callable(damage)
    with pytest.raises((StoryError, ScenarioError)) as error:
        read(damage(write(draw(1))))
    assert says in str(error.value)
