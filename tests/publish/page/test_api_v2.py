from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from defib.core.page.model import Page
from defib.publish.page.api_v2 import documents
from defib.publish.page.shapes import SHAPES
from tests.publish.page.pages import NOW, URL, minutes, past, settings_of, states, story, trouble

SCHEMAS = Path(__file__).parents[3] / "docs" / "page-api"
STATES = states()

# Field by field from Statuspage's public API, written down apart from our types.
PAGE = ["id", "name", "url", "time_zone", "updated_at"]
COMPONENT = [
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "position",
    "description",
    "showcase",
    "start_date",
    "group_id",
    "page_id",
    "group",
    "only_show_if_degraded",
]
UPDATE = [
    "id",
    "status",
    "body",
    "incident_id",
    "created_at",
    "updated_at",
    "display_at",
    "affected_components",
    "deliver_notifications",
    "custom_tweet",
    "tweet_id",
]
INCIDENT = [
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "monitoring_at",
    "resolved_at",
    "impact",
    "shortlink",
    "started_at",
    "page_id",
    "incident_updates",
    "components",
]
DOCUMENTS = {
    "api/v2/summary.json": ["page", "components", "incidents", "scheduled_maintenances", "status"],
    "api/v2/status.json": ["page", "status"],
    "api/v2/components.json": ["page", "components"],
    "api/v2/incidents.json": ["page", "incidents"],
    "api/v2/incidents/unresolved.json": ["page", "incidents"],
    "api/v2/scheduled-maintenances.json": ["page", "scheduled_maintenances"],
    "api/v2/scheduled-maintenances/upcoming.json": ["page", "scheduled_maintenances"],
    "api/v2/scheduled-maintenances/active.json": ["page", "scheduled_maintenances"],
}


def read(page: Page, name: str = "") -> dict[str, Any]:
    return {d.path: json.loads(d.body) for d in documents(page, settings_of(name), URL)}


def test_every_document_of_statuspage_is_there() -> None:
    assert read(STATES["operational"]).keys() == DOCUMENTS.keys()


@pytest.mark.parametrize("state", STATES)
def test_every_document_has_every_field_and_no_other(state: str) -> None:
    for path, document in read(STATES[state], state).items():
        assert list(document) == DOCUMENTS[path]
        assert list(document["page"]) == PAGE
        for component in document.get("components", ()):
            assert list(component) == [*COMPONENT, *(["components"] if component["group"] else [])]
        incidents = document.get("incidents", [])
        for incident in incidents:
            assert list(incident) == INCIDENT
        for outage in document.get("scheduled_maintenances", ()):
            assert list(outage) == [*INCIDENT, "scheduled_for", "scheduled_until"]
        for update in [u for i in incidents for u in i["incident_updates"]]:
            assert list(update) == UPDATE
            for affected in update["affected_components"] or ():
                assert list(affected) == ["code", "name", "old_status", "new_status"]


@pytest.mark.parametrize("state", STATES)
def test_every_document_fits_its_schema(state: str) -> None:
    for path, document in read(STATES[state], state).items():
        schema = json.loads((SCHEMAS / schema_name(path)).read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(document)


@pytest.mark.parametrize("path", SHAPES)
def test_the_documented_schema_is_that_of_the_types(path: str) -> None:
    documented = json.loads((SCHEMAS / schema_name(path)).read_text(encoding="utf-8"))
    assert documented == schema(path)


def schema(path: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"/{path}",
        **msgspec.json.schema(SHAPES[path]),
    }


def schema_name(path: str) -> str:
    return path.removeprefix("api/v2/").removesuffix(".json").replace("/", "-") + ".schema.json"


def test_the_summary_holds_what_is_open_and_what_is_to_come() -> None:
    summary = read(STATES["outage"])["api/v2/summary.json"]
    assert [i["resolved_at"] for i in summary["incidents"]] == [None, None]
    assert summary["status"] == {"indicator": "critical", "description": "Some systems are down"}
    maintained = read(STATES["maintenance"])
    statuses = [m["status"] for m in maintained["api/v2/summary.json"]["scheduled_maintenances"]]
    assert statuses == ["in_progress", "scheduled"]
    active = maintained["api/v2/scheduled-maintenances/active.json"]["scheduled_maintenances"]
    upcoming = maintained["api/v2/scheduled-maintenances/upcoming.json"]["scheduled_maintenances"]
    assert [[m["status"] for m in found] for found in (active, upcoming)] == [["in_progress"], ["scheduled"]]
    assert maintained["api/v2/status.json"]["status"]["indicator"] == "maintenance"


def test_a_heading_stands_before_its_components_and_shows_the_worst_of_them() -> None:
    rows = read(STATES["outage"])["api/v2/components.json"]["components"]
    heading = next(row for row in rows if row["group"])
    under = [row for row in rows if row["group_id"] == heading["id"]]
    assert [row["id"] for row in under] == heading["components"]
    assert rows.index(heading) == rows.index(under[0]) - 1
    assert heading["status"] == "degraded_performance"


def test_updates_are_listed_newest_first_and_say_what_changed() -> None:
    (web, *_) = [
        i for i in read(STATES["outage"])["api/v2/incidents/unresolved.json"]["incidents"] if "Website" in i["name"]
    ]
    newest = web["incident_updates"][0]
    assert newest["created_at"] == web["updated_at"] > web["created_at"]
    (changed,) = newest["affected_components"]
    assert (changed["old_status"], changed["new_status"]) == ("degraded_performance", "major_outage")
    assert changed["code"] == web["components"][0]["id"]


def test_a_list_holds_the_fifty_newest() -> None:
    many = read(story(*past(60)))["api/v2/incidents.json"]["incidents"]
    assert len(many) == 50
    assert [i["created_at"] for i in many] == sorted((i["created_at"] for i in many), reverse=True)


def test_times_are_in_utc_with_milliseconds() -> None:
    page = read(STATES["outage"])["api/v2/status.json"]["page"]
    assert page["updated_at"] == "2026-04-30T12:04:00.000Z"
    assert page["time_zone"] == "Etc/UTC"


def test_nothing_changes_while_nothing_happens() -> None:
    page = STATES["outage"]
    assert read(page) == read(replace(page, generated_at=NOW + minutes(5)))


def test_ids_stay_the_same_from_version_to_version() -> None:
    began = NOW - minutes(5)
    early = story((began + minutes(2), (trouble("web", began),)))
    late = story((began + minutes(2), (trouble("web", began),)), (NOW, ()))
    (before,), (after,) = (read(page)["api/v2/incidents.json"]["incidents"] for page in (early, late))
    assert before["id"] == after["id"]
    first = [before["incident_updates"][-1]["id"], after["incident_updates"][-1]["id"]]
    assert first[0] == first[1]
    assert before["shortlink"] == f"{URL}/incidents/{before['id']}.html"
