"""``python -m sim fuzz``: many stories, one seed each; a broken invariant is shrunk and kept as a file."""

from __future__ import annotations

import enum
import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sim.fuzz.draw import draw
from sim.fuzz.failures import Failure, crashed, kept_first, told
from sim.fuzz.story import Story
from sim.fuzz.story_file import load
from sim.fuzz.trouble import Failing
from sim.fuzz.world import World


@dataclass
class Tally:
    """What many stories came to."""

    stories: int = 0
    incidents: int = 0
    invocations: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0
    """Of processor time, in memory."""
    on_moto: int = 0
    """How many of the stories were played on moto, too."""

    def add(self, world: World) -> None:
        cases = [case for case in world.store.cases.values() if case.confirmed_at is not None]
        self.stories += 1
        self.incidents += len(cases)
        self.invocations += world.lanes.invocations
        self.struck.update(line.partition(" on ")[0] for line in world.outside.struck)
        self.outcomes.update(case.outcome.value if case.outcome else "handed over or held" for case in cases)


def lived(story: Story, nth: Failing | None = None) -> tuple[World, list[str]]:
    """The world in which the story has happened, and what was broken in it; a crash of Defib's code among that."""
    world = World(story, nth)
    try:
        return world, world.run()
    except Exception as error:  # noqa: BLE001 - whatever leaves Defib's code is a finding
        return world, [*world.judge.broken, crashed(error)]


@contextmanager
def quick() -> Iterator[None]:
    """Have Python spend its time on stories."""
    with _seldom_collected(), _plain_members():
        yield


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Have Python look for cycles seldom: a story leaves its own when it ends, and what was imported leaves none."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _plain_members() -> Iterator[None]:
    """Have Python 3.11 find an enum's members as 3.12 does: as the attributes that they are.

    The ``__getattr__`` that 3.12 has dropped finds none that is not found without it, but by having one each
    ``Cause.HEALTHY`` takes four times as long, and a plain heal asks for two thousand.
    """
    left_over = enum.EnumType.__dict__.get("__getattr__")
    if left_over is None:
        yield
        return
    del enum.EnumType.__getattr__  # type: ignore[attr-defined]
    try:
        yield
    finally:
        enum.EnumType.__getattr__ = left_over  # type: ignore[attr-defined]


def fuzz(seeds: Sequence[int]) -> Tally:
    """Live through the stories of ``seeds``."""
    tally, began = Tally(), time.process_time()
    with quick():
        for seed in seeds:
            world, broken = lived(draw(seed))
            tally.add(world)
            if broken:
                tally.failures.append(Failure(seed, tuple(broken)))
                # The rest, and shrinking, may take long.
                print(f"broken in seed {seed}: {broken[0]}", file=sys.stderr, flush=True)
    tally.seconds = time.process_time() - began
    return tally


def play_on_moto(seeds: Sequence[int], tally: Tally) -> None:
    """Have the deployed stack's own handlers play the stories of ``seeds``, too, and come to the same as memory."""
    for seed in seeds:
        broken = broken_on_moto(draw(seed))
        tally.on_moto += 1
        if broken:
            tally.failures.append(Failure(seed, tuple(broken), on_moto=True))
            print(f"broken in seed {seed} on moto: {broken[0]}", file=sys.stderr, flush=True)


def broken_on_moto(story: Story) -> list[str]:
    """What breaks in the story there, or comes to something else than in memory; a crash among that."""
    from sim.fuzz.alike import differing  # noqa: PLC0415 - as below
    from sim.fuzz.on_moto import lived_on_moto  # noqa: PLC0415 - takes a second, and most have no use for it

    with quick():
        try:
            return [*lived_on_moto(story)[1], *differing(story)]
        except Exception as error:  # noqa: BLE001 - whatever it is, the other stories are told of
            return [crashed(error)]


def main(seeds: int, first: int, as_json: bool, story: Path | None, moto_every: int = 0) -> int:
    """The command; exit status 1 when something broke. Of ``moto_every`` seeds one is played on moto, too; 0: none."""
    if story is not None:
        return _one(story, as_json, on_moto=bool(moto_every))
    tally = fuzz(range(first, first + seeds))
    tally.failures = kept_first(tally.failures, lambda shorter: lived(shorter)[1])
    if moto_every:
        there = Tally()
        play_on_moto([seed for seed in range(first, first + seeds) if seed % moto_every == 0], there)
        tally.on_moto = there.on_moto
        tally.failures += kept_first(there.failures, broken_on_moto, 1)
    print(_as_json(tally) if as_json else "\n".join(_report(tally, first)))
    return 1 if tally.failures else 0


def _one(file: Path, as_json: bool, on_moto: bool) -> int:
    """The story in a file; exit status 2 for one to mend. As JSON it is a tally as of seeds, of one story."""
    try:
        given = load(file)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    tally, began = Tally(), time.process_time()
    world, broken = lived(given.story, given.nth)
    tally.add(world)
    tally.seconds = time.process_time() - began
    there = broken_on_moto(given.story) if on_moto else []
    tally.on_moto = int(on_moto)
    for found, where in ((broken, False), (there, True)):
        tally.failures += [Failure(given.story.seed, tuple(found), on_moto=where, file=str(file))] if found else []
    print(_as_json(tally) if as_json else "\n".join([*broken, *there]) or "Every invariant held.")
    return 1 if tally.failures else 0


def _as_json(tally: Tally) -> str:
    # asdict makes a Counter of a Counter's items.
    return json.dumps(asdict(tally) | {"struck": dict(tally.struck), "outcomes": dict(tally.outcomes)}, indent=2)


def _report(tally: Tally, first: int) -> Iterator[str]:
    yield f"{tally.stories} stories (seeds {first} to {first + tally.stories - 1}), {tally.incidents} incidents:"
    for name, count in tally.outcomes.most_common():
        yield f"  {count:7,} {name.replace('_', ' ')}"
    yield "What befell the machinery:"
    for name, count in tally.struck.most_common():
        yield f"  {count:7,} {name.replace('_', ' ')}"
    rate = tally.incidents / tally.seconds if tally.seconds else 0.0
    yield f"{tally.invocations:,} invocations; {tally.seconds:.1f} s of processor time, {rate:.0f} incidents a second."
    if tally.on_moto:
        yield f"{tally.on_moto} of the stories were played by the deployed functions on moto, too."
    for failure in tally.failures:
        yield from told(failure)
    if not tally.failures:
        yield "Every invariant held (docs/invariants.md)."
    sys.stdout.flush()
