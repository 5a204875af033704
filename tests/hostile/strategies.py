"""What comes in when nobody means well: text, JSON and samples that have been tampered with; and how work is counted.

``HYPOTHESIS_PROFILE=thorough`` tries fifty times as many of each, drawn anew in each run.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

PROFILES = {"bounded": 40, "thorough": 2_000}
CHOSEN = os.environ.get("HYPOTHESIS_PROFILE", "bounded")
BOUNDED = settings(
    max_examples=PROFILES[CHOSEN],
    deadline=None,
    derandomize=CHOSEN == "bounded",
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""For every property here: bounded by examples, never by a clock."""

DEEP = 100_000
"""Brackets in one another: far beyond what any parser recurses into."""

NASTY = (
    "\r\nBcc: everyone@example.com",
    '\n{"level":"INFO","message":"forged"}',
    "\u001b[2J\u001b]0;owned\u0007",
    "\u0000",
    "\u202etxt.exe",
    "\u2028\u2029\u0085",
    "\ud800",
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "]]></title><svg onload=alert(1)>",
    "{{ self }}{% raw %}",
    "${jndi:ldap://x}",
    "%s%n%(x)s{0}{}",
    "' OR pk = :pk --",
    "../../etc/passwd",
    "ﷺ" * 20,
    "e\u0301" * 40,
    "a" * 5_000,
    "9" * 5_000,
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(NASTY)
"""With lone surrogates and control characters."""
NUMBERS = st.integers() | st.sampled_from((0, -1, 2**31, 2**63, 2**64, 10**38, 10**400)) | st.floats(allow_nan=False)
TIMES = st.sampled_from(
    (
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-04-30T12:00:00",
        "2026-02-30T12:00:00Z",
        "2026-04-30T24:00:60Z",
    )
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | TIMES
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
"""Anything that JSON can say."""

_HOLE = "the hole in the sample"


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of everything within ``value``."""
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, inner in rows for path in ((*at, key), *places(inner, (*at, key)))]


def put(sample: str, path: tuple[str | int, ...], text: str | None) -> str:
    """The JSON ``sample`` with the JSON ``text`` at ``path``, or with nothing there."""
    document: Any = json.loads(sample)
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    if text is None:
        del holder[path[-1]]
        return json.dumps(document)
    holder[path[-1]] = _HOLE
    return json.dumps(document).replace(json.dumps(_HOLE), text)


@st.composite
def tampered(draw: st.DrawFn, samples: tuple[str, ...]) -> str:
    """One of the JSON ``samples``, one to three places of which hold something else, or nothing, or are there twice."""
    text = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 3))):
        paths = places(json.loads(text))
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        kind = draw(st.integers(0, 9))
        if kind == 0:
            text = put(text, path, None)
        elif kind == 1 and isinstance(path[-1], str):
            twice = f"{json.dumps(draw(VALUES))}, {json.dumps(path[-1])}: {json.dumps(draw(VALUES))}"
            text = put(text, path, twice)
        else:
            text = put(text, path, json.dumps(draw(TIMES if kind == 2 else TEXTS if kind < 6 else VALUES)))
    return text


def bombs(sample: str) -> list[str]:
    """The sample with brackets without end in each place."""
    return [put(sample, path, bracket * DEEP) for path in places(json.loads(sample)) for bracket in ("[", '{"a":')]


def steps(call: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called in ``call``: work, measured without a clock."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count


LINEAR = 2.2
"""How many times the work twice as much may be."""


def growth(read: Callable[[int], object], size: int) -> float:
    """How many times the calls ``read`` takes for twice ``size``; what is done once for all is done before."""
    read(1)
    return steps(lambda: read(2 * size)) / steps(lambda: read(size))


def shows(error: Exception, most: int = 1_000) -> None:
    """People can read ``error``: it is one printable line, and not a long one."""
    assert str(error).isprintable(), str(error)
    assert len(str(error)) <= most, str(error)
