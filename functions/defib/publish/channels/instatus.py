"""Instatus, by its API (instatus.com/help/api).

It keeps no key of ours: an incident is known again by when it started and what it says, an update by what it says.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from defib.core.frozen import dataclass
from defib.core.page.elsewhere import OtherPage
from defib.core.page.model import ComponentStatus, IncidentStatus, MaintenanceStatus, PlannedOutage
from defib.core.page.steps import Done, Stand, Tell
from defib.publish.channels.http import Http
from defib.publish.channels.json_api import JsonApi
from defib.publish.channels.keys import ApiKey, Read
from defib.shell.elsewhere import Gone, Unfit

LISTED_MOST = 100
SAID = {
    IncidentStatus.INVESTIGATING: "INVESTIGATING",
    IncidentStatus.IDENTIFIED: "IDENTIFIED",
    IncidentStatus.MONITORING: "MONITORING",
    IncidentStatus.RESOLVED: "RESOLVED",
    MaintenanceStatus.SCHEDULED: "NOTSTARTEDYET",
    MaintenanceStatus.IN_PROGRESS: "INPROGRESS",
    MaintenanceStatus.COMPLETED: "COMPLETED",
}
STANDS = {
    ComponentStatus.OPERATIONAL: "OPERATIONAL",
    ComponentStatus.UNDER_MAINTENANCE: "UNDERMAINTENANCE",
    ComponentStatus.DEGRADED: "DEGRADEDPERFORMANCE",
    ComponentStatus.PARTIAL_OUTAGE: "PARTIALOUTAGE",
    ComponentStatus.MAJOR_OUTAGE: "MAJOROUTAGE",
}


class Update(msgspec.Struct, frozen=True):
    id: str
    message: str | None = None
    status: str | None = None
    created: str = msgspec.field(name="createdAt", default="")


@dataclass(frozen=True, slots=True)
class There:
    """As much of an incident or a maintenance as is looked at."""

    id: str
    started: str | None = None
    start: str | None = None
    updates: tuple[Update, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    id: str


class Instatus:
    """Keeps the promises of ``shell.elsewhere.Channel``."""

    def __init__(self, http: Http, other: OtherPage, key: Read[ApiKey]) -> None:
        self._api = JsonApi(http, key, "Bearer", f"/v1/{other.page_id}")
        self._other = other

    def tell(self, tell: Tell) -> Done:
        doing = f"telling Instatus of {tell.what}"
        kind, updates = _kind(tell)
        if tell.item.remote:
            if tell.is_moved:
                self._move(tell, f"{kind}/{tell.item.remote}", doing)
            self._api.call_about("POST", f"{kind}/{tell.item.remote}/{updates}", doing, self._update(tell))
            return Done(tell.item.remote)
        body = {**self._update(tell), "name": tell.name}
        if tell.outage is not None:
            # Defib says itself when it begins and ends: Instatus would say it again.
            body |= {**_times(tell.outage), **dict.fromkeys(("notifyStart", "notifyEnd", "notifyEarly"), False)}
        return Done(self._api.call("POST", kind, doing, body).read(Made, doing).id)

    def _move(self, tell: Tell, there: str, doing: str) -> None:
        """Its times alone: the words follow by an update. Raises Gone, but no other Unfit: the update says it, too."""
        assert tell.outage is not None
        try:
            self._api.call_about("PUT", there, doing, {"name": tell.name, "notify": False, **_times(tell.outage)})
        except Gone:
            raise
        except Unfit:
            pass

    def was_told(self, tell: Tell) -> Done | None:
        doing, (kind, _) = f"looking for {tell.what} at Instatus", _kind(tell)
        if tell.item.remote:
            there = self._api.call_about("GET", f"{kind}/{tell.item.remote}", doing).read(There, doing)
            if tell.outage is not None:
                # An end that is moved there and back is told in the words of the first time.
                newest = max(there.updates, key=lambda update: update.created, default=None)
                told = newest is not None and (newest.status, newest.message) == (SAID[tell.status], tell.body)
                return Done(there.id) if told else None
            alike = sum(1 for u in there.updates if (u.status, u.message) == (SAID[tell.status], tell.body))
            before = sum(1 for u in tell.before if (u.status, u.body) == (tell.status, tell.body))
            return Done(there.id) if alike > before else None
        listed = self._api.call("GET", f"{kind}?page=1&per_page={LISTED_MOST}", doing).read(list[There], doing)
        found = next((there for there in listed if _is_it(there, tell)), None)
        return Done(found.id) if found is not None else None

    def stand(self, stand: Stand) -> Done:
        doing = f"putting component {stand.component} at Instatus"
        self._api.call("PUT", f"components/{stand.component}", doing, {"status": STANDS[stand.status]})
        return Done()

    def _update(self, tell: Tell) -> dict[str, Any]:
        return {
            "message": tell.body,
            "status": SAID[tell.status],
            "started": _at(tell.began_at if not tell.item.remote else tell.at),
            "components": list(tell.concerned),
            "statuses": [{"id": there, "status": STANDS[stands]} for there, stands in tell.components.items()],
            "notify": self._other.notify,
        }


def _kind(tell: Tell) -> tuple[str, str]:
    return ("incidents", "incident-updates") if tell.outage is None else ("maintenances", "maintenance-updates")


def _times(outage: PlannedOutage) -> dict[str, Any]:
    minutes = int((outage.end - outage.start).total_seconds() // 60)
    times = {"start": _at(outage.start), "end": _at(outage.end), "duration": minutes}
    return {**times, "autoStart": False, "autoEnd": False}


def _is_it(there: There, tell: Tell) -> bool:
    began = there.started if tell.outage is None else there.start
    same = began is not None and _second(began) == _second(_at(tell.began_at))
    return same and any(update.message == tell.body for update in there.updates)


def _second(at: str) -> datetime | None:
    try:
        return datetime.fromisoformat(at).replace(microsecond=0)
    except ValueError:
        return None


def _at(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
