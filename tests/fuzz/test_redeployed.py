"""Stories in which somebody deploys another policy while Defib is at work: what is done follows the one in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.case import Action, Outcome
from defib.core.incident import NoticeKind
from defib.core.model import InstanceState
from defib.core.parse import parse
from defib.core.post import Post
from sim.fuzz.draw import draw
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Redeployed, Story
from sim.fuzz.story_file import read, write
from sim.fuzz.trouble import TAKE_TIME
from sim.fuzz.world import World
from tests.fuzz.worlds import MINUTE, broken, later

POLICY = """
[defib]
opt_in_tag = "self-heal=true"

[services.{name}]
match = {{ service = "{name}" }}
mode = "{mode}"
tell = ["oncall"]

[contacts.oncall]
email = ["oncall@example.com"]
"""


def test_one_story_of_eight_has_a_deployment_which_changes_what_governs_it() -> None:
    stories = [draw(seed) for seed in range(160)]
    drawn = [story for story in stories if story.redeployed and not _renames(story)]
    assert 8 <= len(drawn) <= 32
    assert any(deployed.policy != story.policy for story in drawn for deployed in story.redeployed)
    fewer = [s for s in drawn if len(s.redeployed[0].policy.services) < len(s.policy.services)]
    assert fewer, "a service is removed"


def test_it_is_kept_in_a_file() -> None:
    story = next(story for story in map(draw, range(160)) if story.redeployed)
    told = read(write(story)).story.redeployed
    assert [(d.at, d.policy) for d in told] == [(d.at, d.policy) for d in story.redeployed]


def test_a_service_that_is_to_be_observed_from_now_on_is_no_longer_touched_and_people_hear_of_it() -> None:
    story = _deployed("worker", "observe", _first_act())
    world, found = lived(story)
    assert found == []
    (case,) = world.cases()
    assert (case.held_by, case.acted) == ("observe_mode", False)
    assert NoticeKind.HELD in {notice.kind for notice in world.store.notices.values()}


def test_whoever_goes_on_by_the_policy_that_is_no_longer_in_force_is_found() -> None:
    world = World(_deployed("worker", "observe", _first_act()))
    old = world.policy
    while world.time.now < world.story.scenario.start + 12 * MINUTE:
        later(world, timedelta(seconds=1))
        world.policy = old
    assert "consent" in broken(world)


@pytest.mark.parametrize("action", [Action.REBOOT, Action.STOP])
def test_a_service_that_is_gone_is_left_alone_and_of_what_is_stopped_people_hear(action: Action) -> None:
    begun = _first("april-30", action)
    world = World(_deployed("another", "heal", begun + timedelta(seconds=20), scenario="april-30"))
    heard: list[Post] = []
    world.judge.inbox = heard.append
    assert world.run() == []
    (case,) = world.cases()
    assert (case.outcome, case.attempts[-1].action) == (Outcome.LEFT_ALONE, action)
    assert "no longer configured" in case.reason
    stopped = world.cloud.machines[case.instance_id].state is InstanceState.STOPPED
    assert stopped is (action is Action.STOP)
    assert any("no longer configured" in post.email and post.contact == "oncall" for post in heard)


def test_a_service_that_is_gone_from_the_page_a_moment_ago_may_still_have_an_outage_there() -> None:
    """Deployed a second ago, long after the last update; not when that was two minutes ago."""
    story, deployed = scenario_story("page-subscribers"), timedelta(minutes=7, seconds=30)
    world = World(replace(story, redeployed=(Redeployed(deployed, story.policy_text, story.policy),)))
    world.judge.board._asked = True
    later(world, deployed + timedelta(seconds=1))
    assert not _goes_on_without_its_service(world)
    later(world, timedelta(minutes=2))
    assert _goes_on_without_its_service(world)


def test_some_stories_rename_the_service_of_what_fails_and_all_else_of_it_stays() -> None:
    drawn = [story for story in map(draw, range(160)) if _renames(story)]
    assert 4 <= len(drawn) <= 32
    for story in drawn:
        (deployed,) = story.redeployed
        before, after = story.policy.services, deployed.policy.services
        assert [replace(a, name=b.name) for a, b in zip(after, before, strict=True)] == list(before)
    assert any(spell.trouble in TAKE_TIME for story in drawn for spell in story.spells)


def test_a_renamed_service_is_a_new_one_with_the_same_instances_each_with_a_case_of_its_own() -> None:
    begun = _first("reboot-cures", Action.REBOOT) - timedelta(seconds=1)
    story = scenario_story("reboot-cures")
    (service,) = {fleet.of_service for fleet in story.scenario.fleet}
    text = story.policy_text.replace(f"[services.{service}", f"[services.{service}-renamed")
    world, found = lived(replace(story, redeployed=(Redeployed(begun, text, parse(text)),)))
    assert found == []
    old, new = sorted(world.cases(), key=lambda case: case.opened_at)
    assert (old.service, old.outcome, old.acted) == (service, Outcome.LEFT_ALONE, False)
    assert (new.service, new.outcome, new.acted) == (f"{service}-renamed", Outcome.HEALED, True)
    assert set(world.cloud.members) == {f"{service}-renamed"}


def _goes_on_without_its_service(world: World) -> bool:
    """Whether that is found of a page that has lost its components, while an outage of one goes on."""
    page = world.site.pages[-1]
    assert page.open
    world.site.pages.append(replace(page, components=()))
    world.judge.board.look()
    world.site.pages.pop()
    return any("which is not on the page" in line for line in world.judge.broken)


def _renames(story: Story) -> bool:
    names = {service.name for deployed in story.redeployed for service in deployed.policy.services}
    return any(name.endswith("-renamed") for name in names)


def _deployed(name: str, mode: str, at: timedelta, scenario: str = "reboot-cures") -> Story:
    text = POLICY.format(name=name, mode=mode)
    return replace(scenario_story(scenario), redeployed=(Redeployed(at, text, parse(text)),))


def _first_act() -> timedelta:
    """A second before Defib would touch anything in that story."""
    return _first("reboot-cures", Action.REBOOT) - timedelta(seconds=1)


def _first(scenario: str, action: Action) -> timedelta:
    """When it is first decided on in that scenario."""
    story = scenario_story(scenario)
    (case,) = lived(story)[0].cases()
    return next(a.intended_at for a in case.attempts if a.action is action) - story.scenario.start
