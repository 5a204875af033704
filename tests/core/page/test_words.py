from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from defib.core.page.derive import derive
from defib.core.page.languages.words import Words
from defib.core.page.model import ComponentStatus, Shown
from defib.core.page.settings import Language, PageSettings
from defib.core.page.words import calendar_date, clock, listed, month_name, took, words
from tests.core.page.shown import NOON, POLICY, Story, trouble

LANGUAGES = tuple(Language)
ENGLISH = words(Language.ENGLISH)


def placeholders(said: Words) -> dict[str, set[str]]:
    texts = {f.name: getattr(said, f.name) for f in fields(said)}
    flat = {name: text if isinstance(text, str) else " ".join(text.values()) for name, text in texts.items()}
    return {name: set(re.findall(r"\{(\w+)\}", text)) for name, text in flat.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things(language: Language) -> None:
    assert placeholders(words(language)) == placeholders(ENGLISH)
    for f in fields(Words):
        here, there = getattr(words(language), f.name), getattr(ENGLISH, f.name)
        assert here
        assert isinstance(here, str) or here.keys() == there.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_incident_leaves_no_placeholder_in_any_language(language: Language) -> None:
    story = Story(replace(POLICY, page=PageSettings(enabled=True, language=language)))
    for minute, count in ((2, 1), (3, 2), (40, 2)):
        story.at(minute, trouble(instances=count))
    story.at(50)
    assert len(story.only.updates) == 4
    said = [story.only.name, *(update.body for update in story.only.updates)]
    assert not [text for text in said if "{" in text or "}" in text or "  " in text]


def test_a_banner_contradicts_no_incident_of_the_same_impact() -> None:
    """Degraded performance is also what a web server that answers nothing is shown as."""
    english, german = (words(language).banner[ComponentStatus.DEGRADED] for language in LANGUAGES)
    assert "errors" in english
    assert "errors" in ENGLISH.opened
    assert "Fehler" in german


def test_what_counts_as_up_is_named_as_the_page_names_it() -> None:
    for language, name in ((Language.ENGLISH, "degraded performance"), (Language.GERMAN, "beeinträchtig")):
        said = words(language)
        assert name in said.component[ComponentStatus.DEGRADED].lower()
        assert name in said.uptime_rule.lower()


def test_customers_are_told_impact_and_time_and_never_the_cause() -> None:
    (incident,) = derive(Shown(), [trouble()], POLICY, NOON + timedelta(minutes=2)).changed
    body = incident.updates[0].body
    assert "Website" in body
    assert "12:00 UTC" in body
    assert "Next update by 12:32 UTC" in body
    assert not re.search(r"instance|reboot|EC2|i-0", body)


@pytest.mark.parametrize(("names", "said"), [(["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")])
def test_names_are_listed_as_people_do(names: list[str], said: str) -> None:
    assert listed(names, ENGLISH) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=10), "1 minute"),
        (timedelta(minutes=9, seconds=48), "10 minutes"),
        (timedelta(minutes=60), "1 hour"),
        (timedelta(minutes=135), "2 hours and 15 minutes"),
        (timedelta(minutes=121), "2 hours and 1 minute"),
    ],
)
def test_durations_are_whole_minutes(span: timedelta, said: str) -> None:
    assert took(span, ENGLISH) == said


def test_a_time_of_another_day_has_its_date() -> None:
    evening = datetime(2026, 4, 29, 23, 50, tzinfo=UTC)
    assert (clock(evening, NOON), clock(NOON, NOON)) == ("2026-04-29 23:50", "12:00")


def test_dates_are_written_as_the_language_does() -> None:
    day = NOON.date()
    assert [calendar_date(day, words(language)) for language in LANGUAGES] == ["30 April 2026", "30. April 2026"]
    assert month_name(day, ENGLISH) == "April 2026"
