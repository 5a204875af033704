"""Clients that only read hear of what Defib has found: each public update is an event."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from defib.core.incident import Phase
from defib.core.page.derive import derive
from defib.core.page.model import Origin
from defib.core.page.settings import PageSettings, Publishing
from defib.shell.page import Repaged
from defib.shell.timelines import timelines
from defib.stashboard.told import FIRST
from tests.core.page.shown import NOON, POLICY, minutes, trouble
from tests.stashboard.signing import Api


@pytest.fixture
def api() -> Api:
    """Website fails at noon; the page says so after two minutes, that it is a major outage after four."""
    api = Api()
    look(api, 2, 1)
    look(api, 4, 2)
    api.time = NOON + minutes(5)
    return api


def look(api: Api, minute: float, instances: int) -> None:
    troubled = [trouble("web", Phase.REPAIRING, instances)] if instances else []
    derived = derive(api.store.shown(), troubled, POLICY, NOON + minutes(minute))
    api.store.page.remember_page(Repaged(derived.shown, timelines(derived.changed, api.store, POLICY)))


def test_every_public_update_is_an_event_with_the_status_that_it_means(api: Api) -> None:
    look(api, 9, 0)
    events = api.get("services/web/events")["events"]

    assert [(e["status"]["id"], e["timestamp"][17:22]) for e in events] == [
        ("up", "12:09"),
        ("down", "12:04"),
        ("warning", "12:02"),
    ]
    assert events[1]["message"].startswith("Website: Major outage.")
    assert api.get("services/api/events")["events"] == []


def test_the_current_event_is_the_newest_of_either_kind(api: Api) -> None:
    assert api.get("services/web")["current-event"]["status"]["id"] == "down"
    api.write("POST", "services/web/events", message="We hear you.", status="warning")
    assert api.get("services/web/events/current")["message"] == "We hear you."
    look(api, 9, 0)
    assert api.get("services/web/events/current")["status"]["id"] == "up"


def test_such_an_event_has_an_address_and_can_not_be_deleted(api: Api) -> None:
    event = api.get("services/web/events/current")
    assert int(event["sid"]) > FIRST
    assert api.get(f"services/web/events/{event['sid']}") == event
    assert api.write("DELETE", f"services/web/events/{event['sid']}").code == 400


def test_a_message_without_a_status_has_the_current_one_and_keeps_nothing_open(api: Api) -> None:
    answered = json.loads(api.write("POST", "services/web/events", message="We hear you.").body)

    assert answered["status"]["id"] == "down"
    assert [incident.origin for incident in api.store.shown().open] == [Origin.DEFIB]
    look(api, 9, 0)
    assert api.store.shown().open == ()


def test_between_dates_and_in_the_feed_they_count_as_all_others_do(api: Api) -> None:
    assert [e["status"]["id"] for e in api.get("services/web/events?start=12:03")["events"]] == ["down"]
    api.write("POST", "services/api/events", message="Fine.", status="up")
    assert api.feed("").index("[API - Up]") < api.feed("").index("[Website - Down]")
    assert "Website" not in api.feed("?services=api")


def test_no_draft_is_told_of() -> None:
    api = Api()
    policy = replace(POLICY, page=PageSettings(publishing=Publishing.DRAFT))
    derived = derive(api.store.shown(), [trouble("web")], policy, NOON + timedelta(minutes=3))
    api.store.page.remember_page(Repaged(derived.shown, derived.changed))

    assert api.get("services/web/events") == {"events": []}


def test_with_a_status_its_events_go(api: Api) -> None:
    api.write("DELETE", "statuses/down")

    assert [e["status"]["id"] for e in api.get("services/web/events")["events"]] == ["warning"]
