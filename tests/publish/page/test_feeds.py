from __future__ import annotations

from dataclasses import replace
from typing import Any

import feedparser  # type: ignore[import-untyped]  # it has no types
import pytest

from defib.core.page.model import Page
from defib.publish.page.feeds import documents
from tests.publish.page.pages import NOW, SETTINGS, URL, minutes, past, settings_of, states, story, trouble

STATES = states()
BOTH = ("history.rss", "history.atom")


def read(page: Page, path: str, name: str = "") -> Any:
    (document,) = (d for d in documents(page, settings_of(name), URL) if d.path == path)
    return feedparser.parse(document.body)


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("state", STATES)
def test_a_feed_reader_finds_no_fault_in_any_state(path: str, state: str) -> None:
    page = STATES[state]
    feed = read(page, path, state)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == {"history.rss": "rss20", "history.atom": "atom10"}[path]
    assert [entry.title for entry in feed.entries] == [incident.name for incident in page.incidents]


@pytest.mark.parametrize("path", BOTH)
def test_an_entry_tells_every_update_the_newest_first(path: str) -> None:
    entry = read(STATES["resolved"], path).entries[0]
    said = entry.description if path == "history.rss" else entry.summary
    assert said.index("Resolved") < said.index("Identified")
    assert "works again" in said


@pytest.mark.parametrize("path", BOTH)
def test_an_incident_keeps_its_entry_while_it_goes_on(path: str) -> None:
    began = NOW - minutes(5)
    opened = (began + minutes(2), (trouble("web", began),))
    early, late = story(opened), story(opened, (NOW, ()))
    (before,), (after,) = (read(page, path).entries for page in (early, late))
    assert before.id == after.id == late.incidents[0].id.join((f"{URL}/incidents/", ".html"))


def test_dates_are_those_of_the_incident() -> None:
    page = STATES["resolved"]
    entry = read(page, "history.atom").entries[0]
    assert entry.published == f"{page.incidents[0].created_at:%Y-%m-%dT%H:%M:%S+00:00}"
    assert entry.updated == f"{page.incidents[0].updated_at:%Y-%m-%dT%H:%M:%S+00:00}"


@pytest.mark.parametrize("path", BOTH)
def test_a_feed_holds_the_fifty_newest(path: str) -> None:
    assert len(read(story(*past(60)), path).entries) == 50


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "]]>", "a & b", "\x00\x0b\x1b[31m", "ünïcode ✓", "\"'"])
def test_nothing_that_is_said_can_break_a_feed(path: str, text: str) -> None:
    whole = STATES["resolved"]
    incident = whole.incidents[0]
    updates = tuple(replace(update, body=text) for update in incident.updates)
    page = replace(whole, incidents=(replace(incident, name=text, updates=updates),))
    (document,) = (d for d in documents(page, replace(SETTINGS, title=text), URL) if d.path == path)
    feed = feedparser.parse(document.body, sanitize_html=False)
    assert not feed.bozo
    assert b"<script" not in document.body


@pytest.mark.parametrize("state", ["new", "outage"])
def test_a_feed_stays_the_same_while_nothing_happens(state: str) -> None:
    page = STATES[state]
    later = replace(page, generated_at=NOW + minutes(5))
    assert [d.body for d in documents(page, SETTINGS, URL)] == [d.body for d in documents(later, SETTINGS, URL)]
