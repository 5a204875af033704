"""From a long story to the shortest one found that still shows the same."""

from __future__ import annotations

from sim.fuzz.draw import draw
from sim.fuzz.draw_crowd import CROWDS_EVERY
from sim.fuzz.shrink import MACHINES_MOST, shrink
from sim.fuzz.story import Story
from sim.fuzz.story_file import read, write


def struck(story: Story) -> set[str]:
    return {fault.kind.value for fault in story.scenario.faults}


def test_what_does_not_matter_is_left_out() -> None:
    story = next(s for s in map(draw, range(200)) if len(s.scenario.faults) > 4 and s.spells and "zombie" in struck(s))
    shortest = shrink(story, lambda candidate: "zombie" in struck(candidate))
    assert [fault.kind.value for fault in shortest.scenario.faults] == ["zombie"]
    assert (shortest.spells, shortest.meddling, shortest.scenario.kill_switch) == ((), (), ())
    assert len(shortest.scenario.fleet) == 1
    assert len(shortest.policy_text) < len(story.policy_text)


def test_what_aws_does_is_left_out_where_it_does_not_matter() -> None:
    story = next(s for s in map(draw, range(400)) if len(s.scenario.aws_shifts) > 1 and s.scenario.health_issues)
    kept = story.scenario.aws_shifts[1]
    shortest = shrink(story, lambda candidate: kept in candidate.scenario.aws_shifts).scenario
    assert (shortest.aws_shifts, shortest.health_issues, shortest.faults) == ((kept,), (), ())


def test_addresses_drills_and_subscribers_are_left_out_where_they_do_not_matter() -> None:
    story = next(s for s in map(draw, range(2000)) if len(s.drills) > 1 and s.scenario.unreachable and s.asked)
    kept = story.drills[0]
    shortest = shrink(story, lambda candidate: kept in candidate.drills)
    scenario = shortest.scenario
    assert (shortest.drills, scenario.unreachable, scenario.drill_answers, shortest.asked) == ((kept,), (), (), ())
    assert read(write(shortest)).story.drills == (kept,)


def test_the_shortest_story_can_be_written_and_read() -> None:
    story = next(s for s in map(draw, range(200)) if len(s.scenario.faults) > 4)
    shortest = shrink(story, lambda candidate: bool(candidate.scenario.faults))
    assert read(write(shortest)).story.scenario == shortest.scenario


def test_a_crowd_is_halved_not_counted_down() -> None:
    story = draw(CROWDS_EVERY - 1)
    lived = []

    def fails(candidate: Story) -> bool:
        lived.append(candidate)
        return "hung_kernel" in struck(candidate)

    shortest = shrink(story, fails)
    assert len(shortest.scenario.faults) == 1
    assert sum(fleet.count for fleet in shortest.scenario.fleet) < 20
    assert sum(fleet.count for candidate in lived for fleet in candidate.scenario.fleet) <= MACHINES_MOST
