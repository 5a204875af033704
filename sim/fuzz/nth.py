"""Every call failing once: a story is lived through again and again, and each time another call fails, in each way.

As SQLite's ``do_ioerr_test`` does: the first, the second, the third ... until there is no such call any more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from defib.core.parse import parse as parse_policy
from sim.fuzz.run import lived, quick
from sim.fuzz.scenario_trouble import BeyondMemory, spells_of
from sim.fuzz.story import Story
from sim.fuzz.trouble import TAKE_TIME, Nth, Spell, Trouble
from sim.fuzz.world import World
from sim.scenario import instance_names, selected
from sim.scenario_file import load

SCENARIOS = Path(__file__).resolve().parent.parent.parent / "scenarios"
SHIPPED = SCENARIOS.parent / "defib.toml"
SAID_EVERY = 100
WAYS = (
    Trouble.REFUSED,
    Trouble.DENIED,
    Trouble.HANGS,
    Trouble.ANSWER_LOST,
    Trouble.DIES_BEFORE,
    Trouble.DIES_AFTER,
    Trouble.RACE,
    Trouble.FROZEN,
)
NEVER = Nth(0, Trouble.REFUSED)
"""No call."""


@dataclass(frozen=True, slots=True)
class Lived:
    """The story with one call failing."""

    nth: Nth
    struck: str
    """Which call it was, and how it failed; ``none`` for the first life, in which none does."""
    broken: tuple[str, ...]


def nth_call(
    story: Story, ways: tuple[Trouble, ...] = WAYS, first: int = 1, every: int = 1, apart: int = 0
) -> Iterator[Lived]:
    """The story as it is, then with each of its calls failing in each way; of every so many calls only one.

    With ``apart`` all that are so many calls from each other fail in one life.
    """
    world, broken = lived(story)
    yield Lived(NEVER, "none", tuple(broken))
    last = min(apart, world.outside.calls) if apart else world.outside.calls
    for number in range(first, last + 1, every):
        for trouble in ways:
            nth = Nth(number, trouble, apart)
            world, broken = lived_failing(story, nth)
            struck = (line for line in world.outside.struck if f" on call {number}, " in line)
            # Beside others there may be fewer calls.
            yield Lived(nth, next(struck, f"no call {number}"), tuple(broken))


def lived_failing(story: Story, nth: Nth) -> tuple[World, list[str]]:
    """The world in which the story has happened with that call failing; beside others, where that takes time."""
    return lived(beside_others(story) if nth.trouble in TAKE_TIME else story, nth)


def beside_others(story: Story) -> Story:
    """The same with its invocations side by side, though no call of theirs takes any time by itself."""
    longest = story.ends_at - story.scenario.start + timedelta(days=1)
    nothing = Spell(timedelta(0), longest, Trouble.FROZEN, "ec2.perform", chance=0.0, times=1)
    return replace(story, spells=(*story.spells, nothing))


def scenario_story(name: str) -> Story:
    """The scenario of that name as a story; its own trouble in the machinery, where memory has it, is the only one.

    Raises what reading it raises.
    """
    told = load(SCENARIOS / f"{name}.toml")
    file = SCENARIOS / "policies" / f"{told.policy}.toml" if told.policy else SHIPPED
    text = file.read_text(encoding="utf-8")
    policy = parse_policy(text)
    with suppress(BeyondMemory):
        return Story(told.seed, told, text, policy, spells_of(told, policy))
    return Story(told.seed, told, text, policy)


def beginning(story: Story, faults: int) -> Story:
    """The story with no more than its first ``faults``, and the instances of the services that those strike.

    Of a long storm: the time that all its calls take grows with the square of its length.
    """
    told, names = story.scenario, dict.fromkeys(instance_names(story.scenario))
    kept = told.faults[:faults]
    struck = {name for fault in kept for name in selected(fault.on, names)}
    services = {fleet.of_service for fleet in told.fleet if not struck.isdisjoint(fleet.names)}
    fleet = tuple(each for each in told.fleet if each.of_service in services)
    there = {name for each in fleet for name in each.names}
    answers = tuple(answer for answer in told.answers if there.issuperset(selected(answer.on, names)))
    return replace(story, scenario=replace(told, faults=kept, fleet=fleet, answers=answers))


def all_scenarios() -> list[str]:
    """Every scenario, by its name."""
    return sorted(file.stem for file in SCENARIOS.glob("*.toml"))


def main(names: Sequence[str], every: int = 1, on_moto: bool = False, faults: int | None = None, apart: int = 0) -> int:
    """Every call of each scenario failing once in every way; exit status 1 when something broke, 2 for an unknown name.

    Of ``every`` calls one; ``on_moto`` in the deployed functions; of no more than the first ``faults`` of each; those
    that are ``apart`` calls from each other in one life, in memory alone. Without ``names``, of all scenarios.
    """
    known = all_scenarios()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no scenario is named {unknown[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    with quick():
        return 1 if sum(_played(name, every, on_moto, faults, apart) for name in names or known) else 0


def _played(name: str, every: int, on_moto: bool, faults: int | None, apart: int) -> int:
    """In how many lives of that scenario something broke; each is said as it is found, and how far it has come."""
    story, broken, lives = scenario_story(name), 0, 0
    story = story if faults is None else beginning(story, faults)
    why = beyond_memory(story)
    if why and not on_moto:
        print(f"{name}: {why}")
        return 0
    for life in nth_call_on_moto(story, every) if on_moto else nth_call(story, every=every, apart=apart):
        lives += 1
        broken += bool(life.broken)
        if life.broken:
            print(f"  {life.struck}: {life.broken[0]}", flush=True)
        if lives % SAID_EVERY == 0:
            print(f"{name}: {lives} lives so far", file=sys.stderr)
    failing = f"one call in {apart}" if apart else "one call"
    print(f"{name}: {lives} lives, {failing} failing in each but the first; broken in {broken}", flush=True)
    return broken


def beyond_memory(story: Story) -> str:
    """What the scenario strikes that is not there in memory; empty where all of it is. The replay plays them all."""
    try:
        spells_of(story.scenario, story.policy)
    except BeyondMemory as beyond:
        return str(beyond)
    return ""


def nth_call_on_moto(story: Story, every: int) -> Iterator[Lived]:
    """As ``nth_call``, by the deployed functions."""
    from sim.fuzz.on_moto import KINDS, lived_on_moto  # noqa: PLC0415 - takes a second, and most have no use for it

    told = replace(story, spells=())
    world, broken = lived_on_moto(told)
    yield Lived(NEVER, "none", tuple(broken))
    for number in range(1, sum(world.recorder.ledger.made.values()) + 1, every):
        for trouble in KINDS:
            nth = Nth(number, trouble)
            yield Lived(nth, f"{trouble} on call {number}", tuple(lived_on_moto(told, nth)[1]))
