"""Whether a look at a case has found anything new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache

from defib.core.case import Case
from defib.core.frozen import comparer


def differ_in_look_only(before: Case, after: Case) -> bool:
    """Whether a look has found nothing new: the two say the same, but for when to look again and their versions."""
    return before is after or _all_but_look()(before, after)


@cache
def _all_but_look() -> Callable[[Case, Case], bool]:
    return comparer(Case, [f.name for f in fields(Case) if f.name not in ("look_again_at", "version")])
