"""``python -m tests.storm``: a thousand of ten thousand machines fail within five minutes.

Exit status 1 if a limit was exceeded or a case was left open.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from defib.core.duration import format_duration
from sim.scale.memory import peak_mb
from tests.storm.storm import REPAIRS, Storm, mixed

LIMIT = timedelta(hours=12)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--instances", type=int, default=10_000, help="how many machines there are")
    parser.add_argument("--failing", type=int, default=1_000, help="how many of them fail")
    parser.add_argument("--seed", type=int, default=1, help="which storm of that size")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    chosen = parser.parse_args()
    began = time.process_time()
    storm = Storm(chosen.instances, mixed(chosen.failing), chosen.seed, time.process_time)
    took = storm.run(LIMIT)
    seconds = time.process_time() - began
    memory = peak_mb()
    if chosen.json:
        print(json.dumps(_figures(storm, took, seconds, memory), indent=2))
    else:
        print("\n".join(_report(storm, took, seconds, memory, chosen.seed)))
    return 1 if storm.broken or _unfinished(storm) else 0


def _unfinished(storm: Storm) -> int:
    return storm.outcomes()["open"] + storm.outcomes()["never seen"]


def _figures(storm: Storm, took: timedelta, seconds: float, memory: float) -> dict[str, object]:
    sweeps = sorted(storm.sweeps)
    return {
        "instances": len(storm.machines),
        "failing": len(storm.failing),
        "outcomes": dict(storm.outcomes()),
        "drained_in_s": took.total_seconds(),
        "deepest_queue": storm.lanes.deepest(),
        "calls": dict(storm.buckets.calls),
        "throttled": dict(storm.buckets.throttled),
        "invocations": storm.lanes.invocations,
        "redelivered": storm.lanes.redelivered,
        "dead": storm.lanes.dead,
        "sweeps": len(sweeps),
        "median_sweep_s": sweeps[len(sweeps) // 2],
        "longest_sweep_s": sweeps[-1],
        "processor_s": seconds,
        "memory_mb": memory,
        "broken": storm.broken,
    }


def _report(storm: Storm, took: timedelta, seconds: float, memory: float, seed: int) -> Iterator[str]:
    failing, instances = len(storm.failing), len(storm.machines)
    yield f"{failing} of {instances} machines failed within five minutes (seed {seed}):"
    for outcome, number in sorted(storm.outcomes().items()):
        yield f"  {number:5}  {outcome.replace('_', ' ')}"
    yield f"all of that within {format_duration(took)} of virtual time, with at most {storm.most_at_once} repairs"
    yield f"of a service at once, of the {REPAIRS} allowed."
    for call, number in storm.buckets.calls.items():
        yield f"  {number:7} {call}, {storm.buckets.throttled[call]} throttled"
    yield f"  {storm.lanes.invocations:7} invocations, {storm.lanes.redelivered} messages delivered again,"
    yield f"  {storm.lanes.dead:7} given up by their queue, whose work the sweep found again"
    yield f"The run took {seconds:.0f} s of processor time and {memory:.0f} MB."
    for line in storm.broken[:10]:
        yield f"BROKEN: {line}"


if __name__ == "__main__":
    sys.exit(main())
