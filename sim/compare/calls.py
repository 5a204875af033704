"""AWS API calls of Defib's functions, counted in two replays at the boto3 boundary: one with a zombie, one without."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sim.compare.fault_class import class_named
from sim.compare.run import Calls
from sim.replay import replay

LASTS = timedelta(minutes=30)
SEED = 430


def counted() -> Calls:
    """The calls of idle minutes, and what one heal adds to them."""
    scenario = replace(class_named("zombie").scenario(SEED), until=LASTS)
    broken = replay(scenario, "zombie", seed=SEED).totals.calls
    idle = replay(replace(scenario, faults=()), "idle", seed=SEED).totals.calls
    more = {name: broken.get(name, 0) - idle.get(name, 0) for name in sorted({*broken, *idle})}
    return Calls(LASTS // timedelta(minutes=1), dict(idle), more)
