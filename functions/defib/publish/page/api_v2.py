"""The page for programs: the read API that Statuspage has, every document of it with every field.

Statuspage writes times in UTC with milliseconds, lists the newest first and at most 50 (public status API v2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from defib.core.page.model import (
    IMPACT_OF,
    Affected,
    Component,
    ComponentStatus,
    Impact,
    IncidentStatus,
    MaintenanceStatus,
    Page,
    PlannedOutage,
    PublicIncident,
    Update,
    page_id,
)
from defib.core.page.settings import PageSettings
from defib.core.page.words import words
from defib.publish.page.document import Document
from defib.publish.page.shapes import (
    AffectedShape,
    Components,
    ComponentShape,
    Incidents,
    IncidentShape,
    Maintenances,
    MaintenanceShape,
    PageShape,
    Status,
    StatusShape,
    Summary,
    UpdateShape,
)

LISTED_MAX = 50
"""How many incidents or planned outages a list holds, as Statuspage's does."""
CONTENT_TYPE = "application/json; charset=utf-8"


def documents(page: Page, settings: PageSettings, url: str) -> Iterator[Document]:
    """Every document of the API. ``url`` is the page's own address, without a slash at its end."""
    shaped = Shaper(page, settings, url)
    status = shaped.status()
    components = shaped.components()
    open_now = [shaped.incident(i) for i in page.open[:LISTED_MAX]]
    planned = {outage: shaped.maintenance(outage) for outage in page.planned[:LISTED_MAX]}
    due = [shape for outage, shape in planned.items() if outage.status is not MaintenanceStatus.COMPLETED]
    upcoming = [shape for outage, shape in planned.items() if outage.status is MaintenanceStatus.SCHEDULED]
    active = [shape for outage, shape in planned.items() if outage.status is MaintenanceStatus.IN_PROGRESS]
    listed = [shaped.incident(incident) for incident in page.incidents[:LISTED_MAX]]
    head = shaped.page
    bodies: dict[str, msgspec.Struct] = {
        "api/v2/summary.json": Summary(head, components, open_now, due, status),
        "api/v2/status.json": Status(head, status),
        "api/v2/components.json": Components(head, components),
        "api/v2/incidents.json": Incidents(head, listed),
        "api/v2/incidents/unresolved.json": Incidents(head, open_now),
        "api/v2/scheduled-maintenances.json": Maintenances(head, list(planned.values())),
        "api/v2/scheduled-maintenances/upcoming.json": Maintenances(head, upcoming),
        "api/v2/scheduled-maintenances/active.json": Maintenances(head, active),
    }
    for path, body in bodies.items():
        yield Document(path, CONTENT_TYPE, msgspec.json.encode(body))


class Shaper:
    """Values of the page in Statuspage's shapes."""

    def __init__(self, page: Page, settings: PageSettings, url: str) -> None:
        self._of = page
        self._settings = settings
        self._url = url
        self._page_id = page_id("page", url)
        self._by_key = {component.key: component for component in page.components}
        self.page = PageShape(self._page_id, settings.title, url, "Etc/UTC", _at(page.changed_at))

    def status(self) -> StatusShape:
        worst = self._of.worst
        return StatusShape(IMPACT_OF[worst].value, words(self._settings.language).banner[worst])

    def components(self) -> list[ComponentShape]:
        """Each heading stands before those under it."""
        found: list[ComponentShape] = []
        headed: set[str] = set()
        for component in self._of.components:
            if component.group and component.group not in headed:
                headed.add(component.group)
                found.append(self._heading(component.group))
            found.append(self.component(component))
        return found

    def component(self, component: Component) -> ComponentShape:
        return ComponentShape(
            id=component.id,
            name=component.name,
            status=component.status.value,
            created_at=_at(component.created_at or self._of.changed_at),
            updated_at=_at(component.updated_at or self._of.changed_at),
            position=component.position,
            description=component.description or None,
            showcase=True,
            start_date=f"{component.created_at:%Y-%m-%d}" if component.created_at is not None else None,
            group_id=page_id("group", component.group) if component.group else None,
            page_id=self._page_id,
            group=False,
            only_show_if_degraded=False,
        )

    def _heading(self, group: str) -> ComponentShape:
        under = [component for component in self._of.components if component.group == group]
        worst: ComponentStatus = max((c.status for c in under), key=lambda status: status.severity)
        born = [c.created_at for c in under if c.created_at is not None]
        changed = [c.updated_at for c in under if c.updated_at is not None]
        return ComponentShape(
            id=page_id("group", group),
            name=group,
            status=worst.value,
            created_at=_at(min(born, default=self._of.changed_at)),
            updated_at=_at(max(changed, default=self._of.changed_at)),
            position=under[0].position,
            description=None,
            showcase=False,
            start_date=None,
            group_id=None,
            page_id=self._page_id,
            group=True,
            only_show_if_degraded=False,
            components=[component.id for component in under],
        )

    def incident(self, incident: PublicIncident) -> IncidentShape:
        concerned = [self._by_key[key] for key in incident.components if key in self._by_key]
        return IncidentShape(
            id=incident.id,
            name=incident.name,
            status=incident.status.value,
            created_at=_at(incident.created_at),
            updated_at=_at(incident.updated_at),
            monitoring_at=_at(incident.monitoring_at) if incident.monitoring_at else None,
            resolved_at=_at(incident.resolved_at) if incident.resolved_at else None,
            impact=incident.impact.value,
            shortlink=f"{self._url}/incidents/{incident.id}.html",
            started_at=_at(incident.started_at),
            page_id=self._page_id,
            incident_updates=[_update(incident, update) for update in reversed(incident.updates)],
            components=[self.component(component) for component in concerned],
        )

    def maintenance(self, outage: PlannedOutage) -> MaintenanceShape:
        """Its one update is what the page says of it; it was made when the page began to announce it."""
        began = min(outage.start - self._settings.announce_maintenance, outage.start)
        over = outage.status is MaintenanceStatus.COMPLETED
        turned = {MaintenanceStatus.SCHEDULED: began, MaintenanceStatus.IN_PROGRESS: outage.start}
        updated = turned.get(outage.status, outage.end)
        concerned = [self._by_key[key] for key in outage.components if key in self._by_key]
        return MaintenanceShape(
            id=outage.id,
            name=outage.name,
            status=outage.status.value,
            created_at=_at(began),
            updated_at=_at(updated),
            monitoring_at=None,
            resolved_at=_at(outage.end) if over else None,
            impact=Impact.MAINTENANCE.value,
            shortlink=f"{self._url}/#{outage.id}",
            started_at=_at(outage.start),
            page_id=self._page_id,
            incident_updates=[_announcement(outage, updated)],
            components=[self.component(component) for component in concerned],
            scheduled_for=_at(outage.start),
            scheduled_until=_at(outage.end),
        )


def _update(incident: PublicIncident, update: Update) -> UpdateShape:
    status: IncidentStatus = update.status
    return _entry(
        page_id("update", f"{incident.number} {update.sequence}"),
        incident.id,
        status.value,
        update.body,
        update.at,
        update.affected,
    )


def _announcement(outage: PlannedOutage, at: datetime) -> UpdateShape:
    return _entry(
        page_id("update", f"{outage.id} {outage.status}"), outage.id, outage.status.value, outage.body, at, ()
    )


def _entry(
    id_: str, incident_id: str, status: str, body: str, at: datetime, affected: Sequence[Affected]
) -> UpdateShape:
    changes = [AffectedShape(page_id("component", a.key), a.name, a.old.value, a.new.value) for a in affected]
    when = _at(at)
    return UpdateShape(id_, status, body, incident_id, when, when, when, changes or None, False, None, None)


def _at(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as Statuspage writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
