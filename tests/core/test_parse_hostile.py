"""Whatever the text, ``parse`` gives a Policy or a PolicyError, soon and in few words."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defib.core.mistake import MISTAKES_MOST
from defib.core.parse import PolicyError, parse
from tests.core.policy_file import ARN, BASE, error, file

CALLS_MOST = 1_000_000
"""Of functions, Python's and C's: some tenths of a second, measured without a clock."""

HOSTILE = {
    "6,000 unknown keys": "\n".join(f"k{n} = 1" for n in range(6_000)),
    "100 services that all overlap": "\n".join(f"[services.s{n}]\nmatch = {{ a = 'b' }}" for n in range(100)),
    "1,500 services": "\n".join(f"[services.s{n}]\nmatch={{a='{n}'}}" for n in range(1_500)),
    "deep dotted keys": "\n".join(f"{'a.' * 180}b{n} = 1" for n in range(170)),
    "deep dotted keys in a deep table": f"[{'.'.join('b' * 180)}]\n"
    + "\n".join(f"{'a.' * 180}b{n} = 1" for n in range(170)),
    "deep lists": "a = " + "[\n" * 150 + "]\n" * 150,
    "a deep tag value": "[services.web.match]\n" + ".".join("a" * 180) + " = 1",
    "a giant number": "a = 0x" + "f" * 380,
    "no number at all": "a = nan\nb = inf",
    "a long e-mail address": "[contacts.a]\nemail = '" + "a@" + "a." * 180 + "'",
    "a long phone number": "[contacts.a]\nsms = '+" + "1" * 350 + "'",
    "a list of tables": "[[services]]\n" * 4_000,
    "no tables, and no proper name": 'services."\\u0000" = { patience = 3, match = "\\u0007" }',
    "names that are no words": '[services."\\u0000"]\n[services.""]\n[contacts."\\u202E"]\n[contacts."\\""]',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_costs_little_and_gets_a_short_printable_answer(text: str) -> None:
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        found = error(text)
    finally:
        sys.setprofile(before)
    assert calls < CALLS_MOST
    assert 1 <= len(found.mistakes) <= MISTAKES_MOST
    assert all(line.isprintable() and len(line) < 700 for line in str(found).splitlines())
    assert ("(and perhaps more)" in str(found)) == (len(found.mistakes) == MISTAKES_MOST)


KEYS = st.sampled_from(
    [
        "defib",
        "opt_in_tag",
        "services",
        "contacts",
        "detection",
        "repair",
        "calls",
        "retention",
        "web",
        "oncall",
        "match",
        "mode",
        "tell",
        "patience",
        "check",
        "verify",
        "timeout",
        "target_groups",
        "arn",
        "load_balancer",
        "email",
        "sms",
        "reboots",
        "restarts",
        "fleet_alarm",
        "attempts",
        "logs",
        "evidence",
        "case_age",
    ]
) | st.text(max_size=5)
SCALARS = (
    st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(0, 10)
    | st.floats()
    | st.text(max_size=20)
    | st.datetimes()
    | st.sampled_from(
        ["90s", "10m", "1h", "7d", "heal", "observe", "self-heal=true", "oncall", "a@example.com", "+12025550123", ARN]
    )
)
STRUCTURES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
    ),
    max_size=7,
)


def written(value: object) -> str:
    """TOML of any value."""
    match value:
        case dict():
            return "{" + ", ".join(f"{written(str(key))} = {written(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case str():
            return '"' + "".join(f"\\U{ord(char):08X}" for char in value) + '"'
        case bool() | int() | float():
            return str(value).lower()
        case _:
            return str(value)


def parses_or_says_why(text: str) -> None:
    try:
        policy = parse(text)
    except PolicyError as wrong:
        lines = str(wrong).split("\n")
    else:
        lines = [service.name for service in policy.services]
    assert lines
    assert all(line.isprintable() for line in lines)


@given(st.text() | st.text(alphabet="[]{}=.,'\"\\\n# abc019:-+_\t\r"))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_policy_or_a_policy_error(text: str) -> None:
    parses_or_says_why(text)


@given(STRUCTURES)
@settings(max_examples=300, deadline=None)
def test_any_structure_is_a_policy_or_a_policy_error(structure: dict[str, object]) -> None:
    parses_or_says_why("\n".join(f"{written(key)} = {written(value)}" for key, value in structure.items()))


@settings(deadline=None)
@given(st.sampled_from(sorted(BASE)), st.text(alphabet="=[]{}'\".,\nawebx19 ", max_size=12), st.integers(0, 60))
def test_any_slip_of_the_hand_is_a_policy_or_a_policy_error(table: str, slip: str, place: int) -> None:
    lines = BASE[table]
    parses_or_says_why(file({table: lines[:place] + slip + lines[place:]}))
