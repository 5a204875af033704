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
    named = [*(incident.name for incident in page.incidents), *(outage.name for outage in page.planned)]
    assert sorted(entry.title for entry in feed.entries) == sorted(named)
    assert [entry.published_parsed for entry in feed.entries] == sorted(
        (entry.published_parsed for entry in feed.entries), reverse=True
    )


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
    outage = replace(STATES["planned"].planned[0], name=text, body=text)
    page = replace(whole, incidents=(replace(incident, name=text, updates=updates),), planned=(outage,))
    (document,) = (d for d in documents(page, replace(SETTINGS, title=text), URL) if d.path == path)
    feed = feedparser.parse(document.body, sanitize_html=False)
    assert not feed.bozo
    assert b"<script" not in document.body
    assert not [entry for entry in feed.entries if "<script" in entry.description]


@pytest.mark.parametrize("state", ["new", "outage"])
def test_a_feed_stays_the_same_while_nothing_happens(state: str) -> None:
    page = STATES[state]
    later = replace(page, generated_at=NOW + minutes(5))
    assert [d.body for d in documents(page, SETTINGS, URL)] == [d.body for d in documents(later, SETTINGS, URL)]


@pytest.mark.parametrize("path", BOTH)
def test_a_planned_outage_is_an_entry_that_says_when_and_how_it_stands(path: str) -> None:
    ahead, on = (read(STATES[state], path).entries[-1] for state in ("planned", "maintenance"))

    assert ahead.title == on.title == STATES["planned"].planned[0].name
    assert ahead.id == on.id == f"{URL}/#{STATES['planned'].planned[0].id}"
    assert "<strong>Scheduled</strong>" in ahead.description
    assert "from 2026-05-03 00:00 to 02:00 UTC" in ahead.description
    assert "<strong>In progress</strong>" in on.description
    assert {tag.term for tag in ahead.tags} >= {"Website", "API"}


def test_no_entry_of_what_is_to_come_is_from_the_future() -> None:
    (entry,) = read(STATES["planned"], "history.atom").entries
    assert (entry.published, entry.updated) == ("2026-04-26T00:00:00+00:00",) * 2
    on = read(STATES["maintenance"], "history.atom")
    assert (on.entries[-1].published, on.entries[-1].updated) == (
        "2026-04-26T00:00:00+00:00",
        "2026-05-03T00:00:00+00:00",
    )


@pytest.mark.parametrize("path", BOTH)
def test_one_that_ends_at_another_time_keeps_its_entry_and_there_is_one_of_it(path: str) -> None:
    page = STATES["planned"]
    (outage,) = page.planned
    longer = replace(outage, end=outage.end + minutes(60), body="Until three.")
    (before,) = read(page, path).entries
    for outages in ((longer,), (outage, longer)):
        (after,) = read(replace(page, planned=outages), path).entries
        assert after.id == before.id
        assert "Until three." in after.description


@pytest.mark.parametrize("path", BOTH)
def test_a_feed_holds_the_twenty_soonest_and_no_incident_makes_room_for_them(path: str) -> None:
    page = story(*past(60))
    (outage,) = STATES["planned"].planned
    many = tuple(replace(outage, name=f"{n}", start=outage.start + minutes(n)) for n in range(30))
    titles = [entry.title for entry in read(replace(page, planned=many), path).entries]

    assert len(titles) == 70
    assert {f"{n}" for n in range(20)} <= {*titles}
    assert "20" not in titles
