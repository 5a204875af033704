"""``python -m tests.storm``: a thousand of ten thousand machines fail within five minutes.

Exit status 1 if a limit was exceeded, a machine was not found in time, or a case was left open.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from defib.core.crowd import INCIDENT_SERVICE
from defib.core.duration import format_duration
from sim.scale.memory import peak_mb
from tests.storm.finding import longest
from tests.storm.storm import REPAIRS, Storm, mixed

FOUND_WITHIN = timedelta(minutes=2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--instances", type=int, default=10_000, help="how many machines there are")
    parser.add_argument("--failing", type=int, default=1_000, help="how many of them fail")
    parser.add_argument(
        "--minutes",
        type=int,
        help="watch no longer than this, and leave open what is open then; half a day if not given",
    )
    parser.add_argument("--seed", type=int, default=1, help="which storm of that size")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    return parser


def main() -> int:
    chosen = _parser().parse_args()
    began = time.process_time()
    storm = Storm(chosen.instances, mixed(chosen.failing), chosen.seed, time.process_time)
    took = storm.run(timedelta(minutes=chosen.minutes) if chosen.minutes else timedelta(hours=12))
    seconds = time.process_time() - began
    memory = peak_mb()
    if chosen.json:
        print(json.dumps(_figures(storm, took, seconds, memory), indent=2))
    else:
        print("\n".join(_report(storm, took, seconds, memory, chosen.seed)))
    late = any(span is None or span > FOUND_WITHIN for what, span in _waits(storm) if what != "looked at")
    return 1 if storm.broken or late or (_unfinished(storm) and not chosen.minutes) else 0


def _unfinished(storm: Storm) -> int:
    return storm.outcomes()["open"] + storm.outcomes()["never seen"]


def _figures(storm: Storm, took: timedelta, seconds: float, memory: float) -> dict[str, object]:
    sweeps = sorted(storm.sweeps)
    return {
        "instances": len(storm.machines),
        "failing": len(storm.failing),
        "outcomes": dict(storm.outcomes()),
        "drained_in_s": took.total_seconds(),
        **{f"{what}_within_s": span and span.total_seconds() for what, span in _waits(storm)},
        "messages_of_the_crowd": _said(storm),
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


def _waits(storm: Storm) -> list[tuple[str, timedelta | None]]:
    """What was done about each machine, and how long the last waited for it; None: for ever."""
    finding = storm.finding
    known = {"found": finding.found, "told of": finding.told, "looked at": finding.looked}
    return [(what, longest(waits, finding.began)) for what, waits in known.items()]


def _words(span: timedelta | None) -> str:
    if span is None:
        return "not yet, though"
    return f"{format_duration(timedelta(seconds=round(span.total_seconds())))} after"


def _said(storm: Storm) -> int:
    return sum(1 for notice in storm.store.notices.values() if notice.service == INCIDENT_SERVICE)


def _report(storm: Storm, took: timedelta, seconds: float, memory: float, seed: int) -> Iterator[str]:
    failing, instances = len(storm.failing), len(storm.machines)
    yield f"{failing} of {instances} machines failed within five minutes (seed {seed}):"
    for outcome, number in sorted(storm.outcomes().items()):
        yield f"  {number:5}  {outcome.replace('_', ' ')}"
    yield f"the last of them after {format_duration(took)} of virtual time, with at most {storm.most_at_once} repairs"
    yield f"of a service at once, of the {REPAIRS} allowed."
    for what, span in _waits(storm):
        yield f"The last was {what} {_words(span)} it had begun to fail."
    yield f"{_said(storm)} messages said how many wait for their first look."
    for call, number in storm.buckets.calls.items():
        yield f"  {number:7} {call}, {storm.buckets.throttled[call]} throttled"
    yield f"  {storm.lanes.invocations:7} invocations, {storm.lanes.redelivered} messages delivered again,"
    yield f"  {storm.lanes.dead:7} given up by their queue, whose work the sweep found again"
    yield f"The run took {seconds:.0f} s of processor time and {memory:.0f} MB."
    for line in storm.broken[:10]:
        yield f"BROKEN: {line}"


if __name__ == "__main__":
    sys.exit(main())
