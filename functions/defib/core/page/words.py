"""The words for customers in the language of the page, and how names, durations and times are put."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import assert_never

from defib.core.page.languages import english, german
from defib.core.page.languages.words import Words
from defib.core.page.settings import Language


def words(language: Language) -> Words:
    match language:
        case Language.ENGLISH:
            return english.WORDS
        case Language.GERMAN:
            return german.WORDS
    assert_never(language)


def listed(names: Sequence[str], said: Words) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {said.and_} {names[-1]}"


def took(span: timedelta, said: Words) -> str:
    """A duration in whole minutes, at least one."""
    minutes = max(1, round(span.total_seconds() / 60))
    whole, rest = divmod(minutes, 60)
    parts = []
    if whole:
        parts.append(said.hour if whole == 1 else said.hours.format(count=whole))
    if rest:
        parts.append(said.minute if rest == 1 else said.minutes.format(count=rest))
    return f" {said.and_} ".join(parts)


def clock(at: datetime, now: datetime) -> str:
    """A time of day in UTC; with its date where that is another day's."""
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"


def calendar_date(day: date, said: Words) -> str:
    """A date as people write it."""
    return said.date.format(day=day.day, month=said.months.split()[day.month - 1], year=day.year)


def month_name(day: date, said: Words) -> str:
    """The month that ``day`` is in, with its year."""
    return f"{said.months.split()[day.month - 1]} {day.year}"
