"""Processor time of the same events under Defib and under Cloud Custodian, taken in turns: an idle minute, a stop and
start, and a whole heal.

A heal is the comparison's zombie (docs/comparison.md). How often each function is invoked, and what Custodian finds
each minute, come from one trial of it by each; what each such invocation takes is measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from statistics import median

from sim.compare import defib
from sim.compare.fault_class import class_named
from sim.compare.rivals.custodian import Answer, Asked, Custodian, NoCustodian, Situation
from sim.compare.run import one
from tests.bench import account, warm
from tests.bench.figure import Figure, Section, Unit

LIMIT = 1.5
TURNS = 3
SEED = 0
IDLE = Situation("running", "", up=True, marked=False, refuse="", points=(0, 0))
STOPS = Situation("running", "", up=True, marked=False, refuse="", points=(1, 1))
STARTS = Situation("stopped", "Client.UserInitiatedShutdown", up=True, marked=True, refuse="", points=())
ACT: Mapping[str, int] = {"diagnose": 2, "remediate": 2}
"""Of a stop and a start: each is decided, and done. ``remediate`` is measured at a reboot."""


def measure(runs: int, tell: Callable[[str], None]) -> tuple[Section, ...]:
    """Section ``custodian``: with moto in the process on both sides. Nothing where Cloud Custodian isn't installed."""
    try:
        with Asked() as ask:
            tell("one heal by each")
            healed = invocations()
            minutes = situations(ask)
            ours, theirs = _in_turns(ask, {IDLE, STOPS, STARTS, *minutes}, runs, tell)
    except NoCustodian as error:
        tell(str(error))
        return ()

    def figure(
        what: str, invoked: Mapping[str, int], met: Sequence[Situation], limit: float | None, note: str
    ) -> Figure:
        own = sum(ours[name] * count for name, count in invoked.items())
        return Figure(what, own, Unit.MILLISECONDS, sum(theirs[one] for one in met), limit, note)

    looks, acts = healed["diagnose"] + healed[account.WAITING], healed["remediate"]
    counted = f"{looks} looks, {acts} acts, {healed['publish']} messages, evidence, {healed['sweep']} sweeps"
    figures = (
        figure("an idle minute", {"sweep": 1}, [IDLE], LIMIT, "one sweep, beside four policies"),
        figure(
            "a stop and a start", ACT, [STOPS, STARTS], LIMIT, "each decided and done, beside two minutes' policies"
        ),
        figure("a whole heal", healed, minutes, None, f"{counted}; beside {len(minutes)} minutes' policies"),
    )
    return (Section("custodian", "The same events, beside Cloud Custodian", "event", figures, "Cloud Custodian"),)


def invocations() -> Mapping[str, int]:
    """How often Defib's functions are invoked for one heal, from the strike until it is called healed.

    Without the status page, of which Custodian has nothing the like. A look that remembers only its case, without a
    transaction, is one that waits.
    """
    trial, recording = defib.replayed(class_named("zombie"), SEED)
    assert trial.closed is not None
    invoked, calls = recording.totals.invocations, recording.totals.calls
    deciding = min(invoked["diagnose"], calls["dynamodb:TransactWriteItems"])
    return {
        "diagnose": deciding,
        account.WAITING: invoked["diagnose"] - deciding,
        "remediate": invoked["remediate"],
        "evidence": invoked["evidence"],
        "publish": invoked["publish"],
        "sweep": math.ceil(trial.closed / timedelta(minutes=1)),
    }


def situations(ask: Callable[[Situation], Answer]) -> Sequence[Situation]:
    """What Custodian finds each minute of a heal, from the first that shows the failure until it has forgotten it."""
    met: list[Situation] = []

    def noted(situation: Situation) -> Answer:
        met.append(situation)
        return ask(situation)

    one(Custodian(noted), class_named("zombie"), SEED)
    first = next(number for number, found in enumerate(met) if 1 in found.points)
    last = max(number for number, found in enumerate(met) if found.marked)
    return met[first : last + 1]


def _in_turns(
    ask: Asked, asked: set[Situation], runs: int, tell: Callable[[str], None]
) -> tuple[Mapping[str, float], Mapping[Situation, float]]:
    """Median milliseconds of each of Defib's invocations, and of each situation under Custodian."""
    ours: dict[str, list[float]] = {name: [] for name in warm.MEASURED}
    theirs: dict[Situation, list[float]] = {situation: [] for situation in asked}
    for _ in range(TURNS):
        for name, took in ours.items():
            took.append(warm.timed(name, runs, tell)["defib"])
        tell("Cloud Custodian")
        for situation, answered in theirs.items():
            # The first asks pay for clients and bytecode.
            answered.extend([ask.again(situation).ms or 0.0 for _ in range(runs + 1)][1:])
    return {name: median(took) for name, took in ours.items()}, {s: median(took) for s, took in theirs.items()}
