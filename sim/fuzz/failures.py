"""Stories in which something broke: shrunk, kept as a file, and how each is repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sim.fuzz.draw import draw
from sim.fuzz.shrink import TRIES_MOST, can_be_told, shrink
from sim.fuzz.story import Story
from sim.fuzz.story_file import write

REGRESSIONS = Path(__file__).resolve().parent.parent.parent / "scenarios" / "regressions"
FILES_MOST = 3
"""So many failures in memory are shrunk, and one on moto: the others are most likely the same."""
TRIES_ON_MOTO = 12
"""A story takes seconds there."""
CRASH = "crash"

Lives = Callable[[Story], Sequence[str]]
"""What breaks in a story."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One story in which something broke."""

    seed: int
    broken: tuple[str, ...]
    on_moto: bool = False
    """Whether it broke when the deployed functions played it."""
    file: str = ""
    """Where the shortest story found is kept."""
    without_file: str = ""
    """Why there is no such file."""


def crashed(error: Exception) -> str:
    """What is broken where something else than a judge has ended a story."""
    return f"{CRASH}: {type(error).__name__}: {error}"


def kept(failure: Failure, lives: Lives) -> Failure:
    """The failure with its shortest story in a file, if a file can hold it."""
    name = _name(failure)

    def fails(story: Story) -> bool:
        return any(line.partition(":")[0] == name for line in lives(story))

    shortest = shrink(draw(failure.seed), fails, TRIES_ON_MOTO if failure.on_moto else TRIES_MOST)
    if not can_be_told(shortest):
        return replace(failure, without_file="the shortest story found is too long for a file")
    REGRESSIONS.mkdir(parents=True, exist_ok=True)
    place = "-on-moto" if failure.on_moto else ""
    file = REGRESSIONS / f"{name.replace(' ', '-')}-{failure.seed}{place}.toml"
    file.write_text(write(shortest), encoding="utf-8")
    return replace(failure, file=str(file))


def kept_first(failures: Sequence[Failure], lives: Lives, most: int = FILES_MOST) -> list[Failure]:
    """The failures, the first of them with files."""
    why = f"only the first {most} are shrunk" if most > 1 else "only the first on moto is shrunk"
    return [kept(f, lives) if n < most else replace(f, without_file=why) for n, f in enumerate(failures)]


def told(failure: Failure) -> Iterator[str]:
    """What there is to know of it, by line."""
    where, too = (" on moto", " --moto-every 1") if failure.on_moto else ("", "")
    yield f"BROKEN in seed {failure.seed}{where}: {failure.broken[0]}"
    yield f"  repeat it: python -m sim fuzz --seeds 1 --from {failure.seed}{too}"
    if failure.file:
        yield f"  the shortest story found: python -m sim fuzz --story {failure.file}{too}"
    elif failure.without_file:
        yield f"  no file: {failure.without_file}"


def _name(failure: Failure) -> str:
    """Of the invariant that broke first."""
    return failure.broken[0].partition(":")[0]
