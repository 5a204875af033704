"""Atlassian Statuspage, by its manage API (developer.statuspage.io).

It takes no idempotency key: each incident carries ours in its metadata, with the mark of what it was told last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from defib.core.frozen import dataclass
from defib.core.page.elsewhere import OtherPage
from defib.core.page.followed import About
from defib.core.page.steps import Done, Stand, Tell
from defib.publish.channels.http import Http
from defib.publish.channels.json_api import JsonApi
from defib.publish.channels.keys import ApiKey, Read

NAME_MAX = 255
LISTED_MOST = 100
"""Incidents in one list (Get a list of incidents, limit)."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Our words in an incident's metadata, whose values must be objects."""

    key: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Metadata:
    defib: Marked = field(default_factory=Marked)


@dataclass(frozen=True, slots=True)
class There:
    """As much of an incident as is looked at."""

    id: str
    metadata: Metadata | None = None

    @property
    def ours(self) -> Marked:
        return self.metadata.defib if self.metadata is not None else Marked()


class Statuspage:
    """Keeps the promises of ``shell.elsewhere.Channel``."""

    def __init__(self, http: Http, other: OtherPage, key: Read[ApiKey]) -> None:
        self._api = JsonApi(http, key, "OAuth", f"/pages/{other.page_id}")
        self._other = other

    def tell(self, tell: Tell) -> Done:
        body = {"incident": _incident(tell, self._other.notify)}
        doing = f"telling Statuspage of {tell.what}"
        if not tell.item.remote:
            return Done(self._api.call("POST", "incidents", doing, body).read(There, doing).id)
        return Done(self._of_it(tell, "PATCH", doing, body).id)

    def was_told(self, tell: Tell) -> Done | None:
        doing = f"looking for {tell.what} at Statuspage"
        if tell.item.remote:
            there = self._of_it(tell, "GET", doing)
            return Done(there.id) if there.ours.mark == tell.mark else None
        # The first is short; in the second stands what is over, and what somebody has resolved there meanwhile.
        first = "unresolved" if tell.item.about is About.INCIDENT else "scheduled"
        for path in (f"incidents/{first}", f"incidents?limit={LISTED_MOST}"):
            listed = self._api.call("GET", path, doing).read(list[There], doing)
            found = next((there for there in listed if there.ours.key == _key(tell)), None)
            if found is not None:
                return Done(found.id)
        return None

    def stand(self, stand: Stand) -> Done:
        body = {"component": {"status": stand.status.value}}
        doing = f"putting component {stand.component} at Statuspage"
        self._api.call("PATCH", f"components/{stand.component}", doing, body)
        return Done()

    def _of_it(self, tell: Tell, method: str, doing: str, body: Mapping[str, Any] | None = None) -> There:
        return self._api.call_about(method, f"incidents/{tell.item.remote}", doing, body).read(There, doing)


def _incident(tell: Tell, notify: bool) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "name": tell.name[:NAME_MAX],
        "status": tell.status.value,
        "body": tell.body,
        "component_ids": list(tell.concerned),
        "components": {component: status.value for component, status in tell.components.items()},
        "deliver_notifications": notify,
        "metadata": {"defib": {"key": _key(tell), "mark": tell.mark}},
    }
    if tell.outage is None:
        return {**told, "impact_override": tell.impact.value}
    # Defib says itself when it begins and ends: Statuspage would say it again.
    return {
        **told,
        "scheduled_for": _at(tell.outage.start),
        "scheduled_until": _at(tell.outage.end),
        "scheduled_remind_prior": False,
        "scheduled_auto_in_progress": False,
        "scheduled_auto_completed": False,
    }


def _key(tell: Tell) -> str:
    """Two Defibs may tell one page: their incidents have the same numbers, but no two begin alike."""
    return f"{tell.what} {_at(tell.began_at)}"


def _at(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
