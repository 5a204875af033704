"""``python -m tests.mutants.stories N``: the invariants broken in the stories of the first N seeds, as JSON."""

from __future__ import annotations

import json
import sys

from sim.fuzz.run import fuzz


def main(seeds: int) -> None:
    broken = {f.seed: sorted({line.partition(":")[0] for line in f.broken}) for f in fuzz(range(seeds)).failures}
    print(json.dumps(broken))


if __name__ == "__main__":
    main(int(sys.argv[1]))
