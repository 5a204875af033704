"""The same story in memory and by the deployed functions on moto: the same cases must come of it.

Each with the same cause, acts and end, in the same order. Times may differ: calls and messages take other parts of
seconds. So may whose turn it is first: a service of which a repair had to wait for others is not compared.
Compared is the story's calm (``calm_of``), with every range drawn alike (sim/middle.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from defib.core.audit import Entry
from defib.core.case import Case
from defib.core.frozen import replace
from defib.core.guard import TURNS
from defib.core.model import Verdict
from sim.fuzz.on_moto import lived_on_moto
from sim.fuzz.story import Story
from sim.fuzz.world import World
from sim.machine import Machine
from sim.middle import middle
from sim.world import World as OnMoto

FOR_OTHERS = TURNS | {
    "group_balance",
    "group_minimum",
    "group_replacements",
    "last_healthy_target",
    "minimum_healthy",
    "one_by_one",
    "replicated",
    "zone_impaired",
}
"""The guards that hold one for what others are at in that second: all that follows depends on who is first."""
Told = Mapping[str, tuple[str, ...]]
"""By instance, what became of each of its cases."""


def calm_of(story: Story) -> Story:
    """The story without what strikes by chance, or has no like on moto: trouble, and what people do but repair.

    Spells befall calls by their number, which is another there; whoever meddles, deploys, moves traffic by hand, or
    speaks to the page's API is not there at all.
    """
    scenario = replace(story.scenario, answers=(), kill_switch=(), unreachable=(), drill_answers=())
    return Story(story.seed, scenario, story.policy_text, story.policy)


def differing(story: Story) -> list[str]:
    """In what the two differ, by instance; empty where they agree."""
    calm, kept = calm_of(story), list[OnMoto]()
    cases: list[Case] = []
    held: set[tuple[str, str]] = set()

    def over(world: OnMoto) -> None:
        cases.extend(world.records.cases())
        held.update(world.records.held())
        kept.append(world)

    lived_on_moto(calm, draws=middle, over=over)
    here = World(calm, draws=middle)
    here.time.run_until(kept[0].time.now)
    turns = in_turn(held_in(here.store.audit) | held)
    return differences(told(here.cases(), here.cloud.by_name, turns), told(cases, kept[0].machines, turns))


def differences(memory: Told, moto: Told) -> list[str]:
    """One line for each instance of which something else is told."""
    names = sorted({*memory, *moto})
    return [
        f"alike: of {name} in memory {_spoken(memory.get(name))}, on moto {_spoken(moto.get(name))}"
        for name in names
        if memory.get(name) != moto.get(name)
    ]


def in_turn(held: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The services of which a repair was ``held``, by that guard, for what others of the fleet were at."""
    return frozenset(service for service, guard in held if guard in FOR_OTHERS)


def held_in(audit: Iterable[Entry]) -> frozenset[tuple[str, str]]:
    """As ``Records.held``, of the audit in memory."""
    lines = (line for line in audit if line.decision.startswith("hold:"))
    return frozenset((line.service, line.decision.removeprefix("hold:")) for line in lines)


def told(cases: Iterable[Case], machines: Mapping[str, Machine], turns: Collection[str] = ()) -> Told:
    """What became of each case that was a failure, but for the services that took ``turns``.

    What was over before Defib was sure, or had done anything, is of the moment.
    """
    names = {machine.instance_id: name for name, machine in machines.items()}
    found: dict[str, tuple[str, ...]] = {}
    for case in sorted(cases, key=lambda case: case.number):
        name = names[case.instance_id]
        if case.confirmed_at is None or (case.closed_at is not None and not case.attempts):
            continue
        if case.service not in turns:
            found[name] = (*found.get(name, ()), _line(case))
    return found


def _line(case: Case) -> str:
    done = (a for a in case.attempts if a.result is not None and a.result.verdict is Verdict.DONE)
    acts = " ".join(attempt.action.value for attempt in done)
    return f"{case.confirmed_cause}: {acts or 'nothing'}, {_end(case)}"


def _end(case: Case) -> str:
    if case.outcome is not None:
        return case.outcome.value
    return "handed over" if case.handed_over_at is not None else f"held by {case.held_by or 'nothing'}"


def _spoken(cases: tuple[str, ...] | None) -> str:
    return "; ".join(cases) if cases else "nothing"
