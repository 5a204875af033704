"""Keys of a policy that are set over a drawn story: the fleet alarm in every second, and bounds of a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from defib.core.case import Outcome
from defib.core.consistency import CALL_MOST
from defib.core.model import Verdict
from defib.core.parse import parse
from defib.core.policy import Calls
from sim.fuzz.draw import draw, of_first_kinds
from sim.fuzz.draw_keys import with_calls, with_fleet_alarm
from sim.fuzz.nth import scenario_story
from sim.fuzz.run import lived
from sim.fuzz.story import Redeployed, Story
from sim.fuzz.trouble import TAKE_TIME, Spell, Trouble
from tests.fuzz.worlds import MINUTE

SECOND = timedelta(seconds=1)
AT_ONCE = timedelta(0)
HOUR = timedelta(hours=1)
SHORT = Calls(SECOND, SECOND, 1)
NO_SWEEP = Spell(AT_ONCE, HOUR, Trouble.NO_SWEEP, "sweep")


def stories() -> list[Story]:
    return [draw(seed) for seed in range(160)]


def test_every_second_story_has_the_fleet_alarm_and_its_policies_say_so() -> None:
    drawn = stories()
    assert 60 <= sum(story.policy.detection.fleet_alarm for story in drawn) <= 100
    for story in drawn:
        assert parse(story.policy_text) == story.policy
        for deployed in story.redeployed:
            assert parse(deployed.policy_text) == deployed.policy
            assert deployed.policy.detection == story.policy.detection


def test_calls_are_bounded_otherwise_where_they_take_time_or_other_pages_are_called_and_nowhere_else() -> None:
    drawn = [(story, _is_about_calls(story)) for story in stories()]
    assert len({story.policy.calls for story, is_about in drawn if is_about}) > 10
    assert {story.policy.calls for story, is_about in drawn if not is_about} == {Calls()}
    assert all(story.policy.calls.longest <= CALL_MOST for story, _ in drawn)
    assert all(d.policy.calls == story.policy.calls for story, _ in drawn for d in story.redeployed)


@pytest.mark.parametrize("setting", [with_fleet_alarm, with_calls])
def test_the_rest_of_the_story_stays_as_it_is(setting: Callable[[Story, Random], Story]) -> None:
    first = of_first_kinds(0)
    text, policy = first.policy_text, first.policy
    slow = Spell(MINUTE, MINUTE, Trouble.SLOW, "ec2.perform", delay=SECOND)
    plain = replace(first, spells=(slow,), redeployed=(_again(text),))
    told = [setting(plain, Random(seed)) for seed in range(8)]
    assert any(each != plain for each in told)
    assert all(replace(each, policy_text=text, policy=policy, redeployed=plain.redeployed) == plain for each in told)


def test_where_the_policy_has_the_fleet_alarm_a_failing_check_is_found_without_a_sweep() -> None:
    story = replace(scenario_story("april-30"), spells=(NO_SWEEP,))
    assert [case.outcome for case in lived(story)[0].cases()] == [Outcome.HEALED]
    without = replace(story.policy, detection=replace(story.policy.detection, fleet_alarm=False))
    assert lived(replace(story, policy=without))[0].cases() == []


def test_what_the_fleet_alarm_tells_gets_lost_as_any_event_does() -> None:
    lost = Spell(AT_ONCE, HOUR, Trouble.MESSAGE_LOST, "events")
    story = replace(scenario_story("april-30"), spells=(NO_SWEEP, lost))
    world, _ = lived(story)
    assert world.cases() == []
    assert any(line.startswith("message_lost") for line in world.outside.struck)


@pytest.mark.parametrize(("calls", "verdict"), [(Calls(), Verdict.DONE), (SHORT, Verdict.LOST)], ids=["long", "short"])
def test_a_call_is_given_up_when_it_has_taken_as_long_as_the_policy_lets_it(calls: Calls, verdict: Verdict) -> None:
    slow = Spell(AT_ONCE, HOUR, Trouble.SLOW, "ec2.perform", by="evidence", delay=SECOND * 8)
    story = replace(scenario_story("april-30"), spells=(slow,))
    (case,) = lived(replace(story, policy=replace(story.policy, calls=calls)))[0].cases()
    result = case.attempts[0].result
    assert result is not None
    assert result.verdict is verdict


def _is_about_calls(story: Story) -> bool:
    return bool(story.policy.page.elsewhere) or any(spell.trouble in TAKE_TIME for spell in story.spells)


def _again(text: str) -> Redeployed:
    return Redeployed(MINUTE, text, parse(text))
