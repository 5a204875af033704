"""EC2's filters: any of a filter's values, all of the filters (EC2 API, Filter)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

ValuesOf = Callable[[str], Iterable[str]]
"""The values that a filter of this name looks at."""


def passes(filters: Sequence[Mapping[str, Any]], values_of: ValuesOf) -> bool:
    """Whether something with these values passes all of ``filters``."""
    return all(_passes(one["Values"], tuple(values_of(one["Name"]))) for one in filters)


def _passes(patterns: Sequence[str], values: Sequence[str]) -> bool:
    return any(_pattern(pattern).fullmatch(value) for pattern in patterns for value in values)


@lru_cache(maxsize=1000)
def _pattern(text: str) -> re.Pattern[str]:
    """``*`` and ``?`` are wildcards unless a backslash stands before them (EC2 User Guide, Filter by wildcard)."""
    wild = {"*": ".*", "?": "."}
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    return re.compile(
        "".join(re.escape(p[1:]) if p[0] == "\\" and len(p) > 1 else wild.get(p, re.escape(p)) for p in parts)
    )
