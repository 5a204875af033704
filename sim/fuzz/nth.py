"""Every call failing once: a story is lived through again and again, and each time another call fails, in each way.

As SQLite's ``do_ioerr_test`` does: the first, the second, the third ... until there is no such call any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from defib.core.limits import ZonalShift
from defib.core.parse import parse as parse_policy
from sim.faults import FaultKind
from sim.fuzz.run import lived
from sim.fuzz.story import Story
from sim.fuzz.trouble import Nth, Trouble
from sim.scenario_file import load

SCENARIOS = Path(__file__).resolve().parent.parent.parent / "scenarios"
SHIPPED = SCENARIOS.parent / "defib.toml"
WAYS = (Trouble.REFUSED, Trouble.HANGS, Trouble.ANSWER_LOST, Trouble.DIES_BEFORE, Trouble.DIES_AFTER, Trouble.RACE)


@dataclass(frozen=True, slots=True)
class Lived:
    """The story with one call failing."""

    nth: Nth
    struck: str
    """Which call it was; empty when the story made fewer."""
    broken: tuple[str, ...]


def nth_call(story: Story, ways: tuple[Trouble, ...] = WAYS, first: int = 1, every: int = 1) -> Iterator[Lived]:
    """The story with each of its calls failing in each way; of every so many calls only one."""
    calm = replace(story, spells=())
    for trouble in ways:
        number = first
        while True:
            nth = Nth(number, trouble)
            world, broken = lived(calm, nth)
            struck = world.outside.struck
            if not struck and world.outside.calls < number:
                break
            yield Lived(nth, struck[0] if struck else "", tuple(broken))
            number += every


def scenario_story(name: str) -> Story:
    """The scenario of that name as a story without trouble. Raises what reading it raises."""
    told = load(SCENARIOS / f"{name}.toml")
    policy = SCENARIOS / "policies" / f"{told.policy}.toml" if told.policy else SHIPPED
    text = policy.read_text(encoding="utf-8")
    return Story(told.seed, told, text, parse_policy(text))


def main(names: Sequence[str]) -> int:
    """Every call of each scenario failing once in every way; exit status 1 when something broke."""
    failed = 0
    for name in names:
        story = scenario_story(name)
        if not in_memory(story):
            print(f"{name}: needs more of AWS than there is in memory")
            continue
        lives = list(nth_call(story))
        broken = [life for life in lives if life.broken]
        failed += len(broken)
        print(f"{name}: {len(lives)} lives, one call failing in each; broken in {len(broken)}")
        for life in broken[:5]:
            print(f"  {life.struck}: {life.broken[0]}")
    return 1 if failed else 0


def in_memory(story: Story) -> bool:
    """Whether all that the story needs of AWS is there in memory; of what is not, the replay tells."""
    scenario = story.scenario
    members = any(fleet.group or fleet.application_check for fleet in scenario.fleet)
    kinds = {fault.kind for fault in scenario.faults}
    shifts = story.policy.limits.zonal_shift is ZonalShift.START
    return not (members or shifts or scenario.groups or scenario.health_issues or kinds & NOT_IN_MEMORY)


NOT_IN_MEMORY = frozenset({FaultKind.EVENT_ANNOUNCED, FaultKind.AWS_MAINTENANCE})
