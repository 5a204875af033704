"""``python -m sim.scale.replayed N``: ten minutes of a fleet on the simulated AWS, one failing, counted as JSON.

A process of its own, so that its memory is that of one size of fleet.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta

from sim.replay import world_of
from sim.scale.memory import peak_mb
from sim.scenario import Scenario
from sim.scenario_file import parse

LASTS = timedelta(minutes=10)
FLEET_MOST = 1_000
"""The most instances of one fleet of a scenario."""

HEAD = """\
title = "A large fleet"
story = "One of its instances fails."
seed = 1
start = 2026-04-30T12:00:00Z
until = "10m"
"""
FLEET = """\
[fleet.worker{n}]
count = {count}
service = "worker"
"""
FAULT = """\
[[faults]]
at = 12:03:00
on = "worker1-1"
kind = "zombie"
cured_by = ["restart"]
"""


def scenario(instances: int) -> Scenario:
    """So many instances of one service, the first of which fails."""
    full, rest = divmod(instances, FLEET_MOST)
    counts = [FLEET_MOST] * full + [rest] * bool(rest)
    fleets = (FLEET.format(n=n + 1, count=count) for n, count in enumerate(counts))
    return parse("\n".join((HEAD, *fleets, FAULT)))


def replayed(instances: int) -> dict[str, float]:
    """What ten minutes of that fleet come to."""
    began = time.process_time()
    with world_of(scenario(instances)) as world:
        world.time.run_until(world.scenario.start + timedelta(minutes=3))
        ledger = world.recorder.ledger
        sweeps, asked = (
            ledger.invocations["sweep"],
            sum(n for name, n in ledger.calls.items() if name.startswith("ec2:")),
        )
        world.time.run_until(world.scenario.start + LASTS)
        return {
            "instances": instances,
            "ec2_calls_a_sweep": asked / sweeps,
            "sweep_s": sum(ledger.durations["sweep"]) / len(ledger.durations["sweep"]),
            "calls": sum(ledger.calls.values()),
            "processor_s": time.process_time() - began,
            "memory_mb": peak_mb(),
        }


if __name__ == "__main__":
    print(json.dumps(replayed(int(sys.argv[1]))))
