"""``python -m tests.mutants.stories FIRST N SOUND``: the invariants broken in the stories of N seeds, as JSON.

Where SOUND is not empty, it is what breaks without the mutant, as JSON: the first story in which a judge finds
something else is the last one. That Defib's code, or the replay's, crashes is no judgement: it goes on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from sim.fuzz.draw import draw
from sim.fuzz.run import lived, quick
from tests.mutants.catching import CRASH


def main(first: int, seeds: int, sound: str) -> None:
    before: dict[str, Sequence[str]] | None = json.loads(sound) if sound else None
    broken: dict[int, Sequence[str]] = {}
    with quick():
        for seed in range(first, first + seeds):
            names = sorted({line.partition(":")[0] for line in lived(draw(seed))[1]})
            if names:
                broken[seed] = names
            if before is not None and {*names} - {*before.get(str(seed), ()), CRASH}:
                break
    print(json.dumps(broken))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
