"""The feed of events, read by a library that reads feeds."""

from __future__ import annotations

from typing import Any

import feedparser  # type: ignore[import-untyped]  # comes without types

from defib.stashboard.oauth import Signed
from tests.stashboard.signing import HOST, PAGE, Api


def read(api: Api, query: str = "") -> Any:
    answered = api.send(Signed("GET", f"{HOST}/rss{query}", {}))
    assert (answered.code, answered.content_type) == (200, "application/rss+xml; charset=utf-8")
    found = feedparser.parse(answered.body.encode())
    assert (found.bozo, found.version) == (False, "rss20")
    return found


def test_events_of_all_services_come_newest_first() -> None:
    api = Api()
    api.write("POST", "services/web/events", message="Dark.", status="down")
    api.later()
    api.write("POST", "services/api/events", message="R&D\x00")

    entries = read(api).entries
    assert [entry.title for entry in entries] == ["[API - Up] R&D", "[Website - Down] Dark."]
    assert entries[1].id == f"{HOST}/api/v1/services/web/events/00000001"
    assert entries[1].link == f"{PAGE}/"
    assert entries[1].published == "Thu, 30 Apr 2026 12:00:00 +0000"
    assert [tag.term for tag in entries[1].tags] == ["Website"]


def test_only_the_services_that_were_asked_for_are_told_of() -> None:
    api = Api()
    for service in ("web", "api", "worker"):
        api.write("POST", f"services/{service}/events", message=service)

    assert [entry.description for entry in read(api, "?services=web,worker,nobody").entries] == ["worker", "web"]
    assert read(api, "?services=nobody").entries == []


def test_it_holds_the_last_fifty() -> None:
    api = Api()
    for number in range(52):
        api.write("POST", "services/web/events", message=f"No. {number}")

    entries = read(api).entries
    assert (len(entries), entries[0].description) == (50, "No. 51")
