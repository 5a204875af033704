"""Whole numbers on a command line: what is none, or too small or large, is refused before anything is begun."""

from __future__ import annotations

import argparse
from collections.abc import Callable

MILLION = 1_000_000


def whole_number(kind: str, least: int, most: int, such_as: str) -> Callable[[str], int]:
    """What makes the number of an argument; ``such_as`` ends the message that refuses another."""

    def read(text: str) -> int:
        digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not (digits and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is no {kind}: give a number from {least} to {most}{such_as}")
        return int(text)

    return read


FLEET = whole_number("size of a fleet", 1, MILLION, ", such as 1000")
SHARE = whole_number("share", 1, MILLION, "; 50 is one of fifty")
COUNT = whole_number("count", 1, 10 * MILLION, ", such as 1000")
SEED = whole_number("seed", 0, 10**12, ", such as 42")
