"""Labels hung from moments on a lane, so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """A label hung from the moment ``x``, to be placed beside others without covering them."""

    x: float
    width: float
    """Of the label, with room on both sides."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a flag hangs: ``left`` is the label's edge, ``level`` its distance from the lane, 0 nearest."""

    left: float
    level: int


def hang(flags: Sequence[Flag], right: float, levels: int) -> tuple[Place | None, ...]:
    """A place for each flag such that no label covers another nor the pole of one; None where no level is free.

    A label hangs right of its moment, or left of it where the axis ends. Of those that hang right, the last is placed
    first, so that the pole of an earlier one passes left of it; of those that hang left, the first.
    """
    placed: dict[int, Place] = {}
    hangs_left = [flag.x + flag.width > right for flag in flags]
    for index in sorted(range(len(flags)), key=lambda i: (hangs_left[i], flags[i].x if hangs_left[i] else -flags[i].x)):
        flag = flags[index]
        left = max(0.0, flag.x - flag.width) if hangs_left[index] else flag.x
        for level in range(levels):
            if all(_apart(flag, left, level, flags[i], p) for i, p in placed.items()):
                placed[index] = Place(left, level)
                break
    return tuple(placed.get(i) for i in range(len(flags)))


def _apart(flag: Flag, left: float, level: int, other: Flag, place: Place) -> bool:
    if level == place.level:
        return left + flag.width <= place.left or place.left + other.width <= left
    if level > place.level:
        return not place.left < flag.x < place.left + other.width
    return not left < other.x < left + flag.width
