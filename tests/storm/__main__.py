"""``python -m tests.storm``: a thousand of ten thousand machines fail within five minutes.

Exit status 1 if a limit was exceeded or a case was left open.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from datetime import timedelta

from defib.core.duration import format_duration
from tests.storm.storm import REPAIRS, Storm, mixed

LIMIT = timedelta(hours=12)
KILOBYTES = 1024


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--instances", type=int, default=10_000, help="how many machines there are")
    parser.add_argument("--failing", type=int, default=1_000, help="how many of them fail")
    parser.add_argument("--seed", type=int, default=1, help="which storm of that size")
    chosen = parser.parse_args()
    began = time.perf_counter()
    storm = Storm(chosen.instances, mixed(chosen.failing), chosen.seed)
    took = storm.run(LIMIT)
    real = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES
    print(f"{chosen.failing} of {chosen.instances} machines failed within five minutes (seed {chosen.seed}):")
    for outcome, number in sorted(storm.outcomes().items()):
        print(f"  {number:5}  {outcome.replace('_', ' ')}")
    print(f"all of that within {format_duration(took)} of virtual time, with at most {storm.most_at_once} repairs")
    print(f"of a service at once, of the {REPAIRS} allowed.")
    for call, number in storm.buckets.calls.items():
        print(f"  {number:7} {call}, {storm.buckets.throttled[call]} throttled")
    print(f"  {storm.lanes.invocations:7} invocations, {storm.lanes.redelivered} messages delivered again,")
    print(f"  {storm.lanes.dead:7} given up by their queue, whose work the sweep found again")
    print(f"The run took {real:.0f} s and {memory:.0f} MB.")
    for line in storm.broken[:10]:
        print(f"BROKEN: {line}")
    unfinished = storm.outcomes()["open"] + storm.outcomes()["never seen"]
    return 1 if storm.broken or unfinished else 0


if __name__ == "__main__":
    sys.exit(main())
