"""The documents of the API as types: every field that Statuspage's have. The schemas in docs/page-api follow them.

Source: Atlassian Statuspage, public status API v2.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ComponentWord = Literal["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"]
ImpactWord = Literal["none", "maintenance", "minor", "major", "critical"]


class PageShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In every document."""

    id: str
    name: str
    url: str
    time_zone: str
    updated_at: str


class StatusShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page in one sentence."""

    indicator: ImpactWord
    description: str


class ComponentShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A component, or a heading over components."""

    id: str
    name: str
    status: ComponentWord
    created_at: str
    updated_at: str
    position: int
    description: str | None
    showcase: bool
    start_date: str | None
    group_id: str | None
    page_id: str
    group: bool
    only_show_if_degraded: bool
    components: list[str] | msgspec.UnsetType = msgspec.UNSET
    """Only of a heading: the ids of those under it."""


class AffectedShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an update changed about one component."""

    code: str
    name: str
    old_status: ComponentWord
    new_status: ComponentWord


class UpdateShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a timeline."""

    id: str
    status: str
    body: str
    incident_id: str
    created_at: str
    updated_at: str
    display_at: str
    affected_components: list[AffectedShape] | None
    deliver_notifications: bool
    custom_tweet: str | None
    tweet_id: str | None


class IncidentShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An incident; the newest update first."""

    id: str
    name: str
    status: Literal["investigating", "identified", "monitoring", "resolved"]
    created_at: str
    updated_at: str
    monitoring_at: str | None
    resolved_at: str | None
    impact: ImpactWord
    shortlink: str
    started_at: str
    page_id: str
    incident_updates: list[UpdateShape]
    components: list[ComponentShape]


class MaintenanceShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A planned outage."""

    id: str
    name: str
    status: Literal["scheduled", "in_progress", "verifying", "completed"]
    created_at: str
    updated_at: str
    monitoring_at: str | None
    resolved_at: str | None
    impact: ImpactWord
    shortlink: str
    started_at: str
    page_id: str
    incident_updates: list[UpdateShape]
    components: list[ComponentShape]
    scheduled_for: str
    scheduled_until: str


class Summary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``summary.json``."""

    page: PageShape
    components: list[ComponentShape]
    incidents: list[IncidentShape]
    scheduled_maintenances: list[MaintenanceShape]
    status: StatusShape


class Status(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``status.json``."""

    page: PageShape
    status: StatusShape


class Components(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``components.json``."""

    page: PageShape
    components: list[ComponentShape]


class Incidents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``incidents.json`` and ``incidents/unresolved.json``."""

    page: PageShape
    incidents: list[IncidentShape]


class Maintenances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``scheduled-maintenances.json`` and those under it."""

    page: PageShape
    scheduled_maintenances: list[MaintenanceShape]


SHAPES: dict[str, type[msgspec.Struct]] = {
    "api/v2/summary.json": Summary,
    "api/v2/status.json": Status,
    "api/v2/components.json": Components,
    "api/v2/incidents.json": Incidents,
    "api/v2/incidents/unresolved.json": Incidents,
    "api/v2/scheduled-maintenances.json": Maintenances,
    "api/v2/scheduled-maintenances/upcoming.json": Maintenances,
    "api/v2/scheduled-maintenances/active.json": Maintenances,
}
