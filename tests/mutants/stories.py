"""``python -m tests.mutants.stories FIRST N SOUND WANTED``: the invariants broken in the stories of N seeds, as JSON.

Where SOUND is not empty, it is what breaks without the mutant, as JSON: the first story in which a judge finds
something else is the last one; with WANTED, an invariant, the first in which that one is broken. That Defib's code, or
the replay's, crashes is no judgement: it is told with the error's class, and goes on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from sim.fuzz.draw import draw
from sim.fuzz.failures import CRASH
from sim.fuzz.run import lived, quick
from tests.mutants.catching import Stories, found


def main(first: int, seeds: int, sound: str, wanted: str) -> None:
    before: Stories | None = {int(seed): names for seed, names in json.loads(sound).items()} if sound else None
    broken: dict[int, Sequence[str]] = {}
    with quick():
        for seed in range(first, first + seeds):
            names = sorted({_name(line) for line in lived(draw(seed))[1]})
            if names:
                broken[seed] = names
            if before is not None and found(names, before.get(seed, ()), wanted):
                break
    print(json.dumps(broken))


def _name(line: str) -> str:
    """Of a crash with the class of the error: ``crash: KeyError``."""
    name, _, rest = line.partition(": ")
    return f"{name}: {rest.partition(':')[0]}" if name == CRASH else name


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
