"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defib.core.duration import format_duration, parse_duration

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0s", 0),
        ("90s", 90),
        ("10m", 600),
        ("1h", 3_600),
        ("7d", 604_800),
        ("1m30s", 90),
        ("1d2h3m4s", 93_784),
        ("1h90s", 3_690),
        ("007s", 7),
        ("999999d", 86_399_913_600),
    ],
)
def test_a_duration_is_whole_numbers_with_units(written: str, seconds: int) -> None:
    assert parse_duration(written) == seconds * SECOND


@pytest.mark.parametrize(
    "written",
    [
        "",
        "90",
        "s",
        "1.5h",
        "-5s",
        "+5s",
        "5 m",
        " 5m",
        "5m ",
        "5m\n",
        "5M",
        "5min",
        "5 minutes",
        "1w",
        "30s1m",
        "1m1m",
        "1_000s",
        "1000000s",
        "\u0665s",
        "5s\0",
        "PT5M",
    ],
)
def test_anything_else_is_not_a_duration(written: str) -> None:
    with pytest.raises(ValueError, match='is not a duration; write whole numbers with s, m, h or d, such as "1m30s"'):
        parse_duration(written)


def test_a_message_shows_only_the_beginning_of_a_long_text() -> None:
    with pytest.raises(ValueError, match="is not a duration") as caught:
        parse_duration("9" * 100_000)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("duration", "written"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(seconds=90), "1m30s"),
        (timedelta(minutes=60), "1h"),
        (timedelta(hours=1, seconds=1), "1h1s"),
        (timedelta(hours=36), "1d12h"),
        (timedelta(days=7), "7d"),
        (timedelta(seconds=90, microseconds=999_999), "1m30s"),
        (timedelta(microseconds=1), "0s"),
        (timedelta(microseconds=-1), "0s"),
        (timedelta(seconds=-90), "-1m30s"),
    ],
)
def test_the_shortest_reading_is_written(duration: timedelta, written: str) -> None:
    assert format_duration(duration) == written


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=10**10))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds * SECOND)) == seconds * SECOND


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert duration >= timedelta(0)
