"""Cachet 3, by its API (github.com/cachethq/core: routes/api.php, Data/Requests, Http/Resources).

It keeps no key of ours: an incident is known again by when it occurred and what it says, an update by what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from defib.core.frozen import dataclass
from defib.core.page.elsewhere import OtherPage
from defib.core.page.model import ComponentStatus, IncidentStatus, MaintenanceStatus
from defib.core.page.steps import Done, Stand, Tell
from defib.publish.channels.http import Http
from defib.publish.channels.json_api import JsonApi
from defib.publish.channels.keys import ApiKey, Read
from defib.shell.elsewhere import Unfit
from defib.shell.ports import Rejected

NAME_MAX = 255
FORBIDDEN = "403"
LISTED_MOST = 100
SAID = {
    IncidentStatus.INVESTIGATING: 1,
    IncidentStatus.IDENTIFIED: 2,
    IncidentStatus.MONITORING: 3,
    IncidentStatus.RESOLVED: 4,
}
"""IncidentStatusEnum: investigating, identified, watching, fixed."""
STANDS = {
    ComponentStatus.OPERATIONAL: 1,
    ComponentStatus.DEGRADED: 2,
    ComponentStatus.PARTIAL_OUTAGE: 3,
    ComponentStatus.MAJOR_OUTAGE: 4,
    ComponentStatus.UNDER_MAINTENANCE: 6,
}
"""ComponentStatusEnum; 5 is unknown."""


@dataclass(frozen=True, slots=True)
class Value:
    """A status, or a time, of which one of the two is given."""

    value: int | None = None
    string: str | None = None


@dataclass(frozen=True, slots=True)
class Attributes:
    """As much of an incident, a schedule or an update as is looked at."""

    message: str | None = None
    status: Value | None = None
    occurred: Value | None = None
    scheduled: Value | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    id: str
    type: str = ""
    attributes: Attributes = field(default_factory=Attributes)


@dataclass(frozen=True, slots=True)
class One:
    data: Resource
    included: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class Many:
    data: tuple[Resource, ...]


class Cachet:
    """Keeps the promises of ``shell.elsewhere.Channel``."""

    def __init__(self, http: Http, other: OtherPage, key: Read[ApiKey]) -> None:
        self._api = JsonApi(http, key, "Bearer")
        self._other = other

    def tell(self, tell: Tell) -> Done:
        doing = f"telling Cachet of {tell.what}"
        kind = _kind(tell)
        if not tell.item.remote:
            made = _schedule(tell) if tell.outage is not None else _incident(tell, self._other.notify)
            return Done(self._api.call("POST", kind, doing, made).read(One, doing).data.id)
        there = f"{kind}/{tell.item.remote}"
        if tell.is_called_off:
            self._delete(there, doing)
            return Done(tell.item.remote)
        if tell.outage is not None:
            # It ends there by this time alone, and somebody may have moved it.
            self._api.call_about("PUT", there, doing, {"completed_at": _at(tell.outage.end)})
        self._api.call_about("POST", f"{there}/updates", doing, _update(tell))
        return Done(tell.item.remote)

    def _delete(self, there: str, doing: str) -> None:
        """Raises Unfit where the token may not: to delete is an ability of its own, and the others go on."""
        try:
            self._api.call_about("DELETE", there, doing)
        except Rejected as error:
            if error.code == FORBIDDEN:
                raise Unfit(f"{error} (the token needs schedules.delete)", error.code) from None
            raise

    def was_told(self, tell: Tell) -> Done | None:
        doing, kind = f"looking for {tell.what} at Cachet", _kind(tell)
        if tell.item.remote:
            there = self._api.call_about("GET", f"{kind}/{tell.item.remote}?include=updates", doing).read(One, doing)
            alike = sum(1 for update in there.included if update.type == "updates" and _says(update.attributes, tell))
            # The first of an incident is the incident itself.
            before = sum(1 for u in tell.before[1:] if (u.status, u.body) == (tell.status, tell.body))
            return Done(tell.item.remote) if alike > before else None
        listed = self._api.call("GET", f"{kind}?sort=-id&per_page={LISTED_MOST}", doing).read(Many, doing).data
        found = next((r for r in listed if _began(r.attributes) == _at(tell.began_at) and _text(r) == tell.body), None)
        return Done(found.id) if found is not None else None

    def stand(self, stand: Stand) -> Done:
        doing = f"putting component {stand.component} at Cachet"
        self._api.call("PUT", f"components/{stand.component}", doing, {"status": STANDS[stand.status]})
        return Done()


def _kind(tell: Tell) -> str:
    return "incidents" if tell.outage is None else "schedules"


def _incident(tell: Tell, notify: bool) -> Mapping[str, Any]:
    assert not isinstance(tell.status, MaintenanceStatus)
    return {
        "name": tell.name[:NAME_MAX],
        "message": tell.body,
        "status": SAID[tell.status],
        # Left out, nobody outside sees it.
        "visible": True,
        "notifications": notify,
        "occurred_at": _at(tell.began_at),
    }


def _schedule(tell: Tell) -> Mapping[str, Any]:
    assert tell.outage is not None
    maintenance = STANDS[ComponentStatus.UNDER_MAINTENANCE]
    return {
        "name": tell.name[:NAME_MAX],
        "message": tell.body,
        "scheduled_at": _at(tell.outage.start),
        "completed_at": _at(tell.outage.end),
        "components": [{"id": int(component), "status": maintenance} for component in tell.concerned],
    }


def _update(tell: Tell) -> Mapping[str, Any]:
    if isinstance(tell.status, MaintenanceStatus):
        return {"message": tell.body}
    return {"message": tell.body, "status": SAID[tell.status]}


def _says(attributes: Attributes, tell: Tell) -> bool:
    if attributes.message != tell.body:
        return False
    if isinstance(tell.status, MaintenanceStatus):
        return True
    return attributes.status is not None and attributes.status.value == SAID[tell.status]


def _began(attributes: Attributes) -> str | None:
    began = attributes.occurred or attributes.scheduled
    return began.string if began is not None else None


def _text(resource: Resource) -> str | None:
    return resource.attributes.message


def _at(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
