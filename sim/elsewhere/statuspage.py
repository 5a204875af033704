"""A simulated Atlassian Statuspage: as much of its manage API as Defib calls (developer.statuspage.io)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sim.elsewhere.server import Api, Json, Refusal, Said, authorized, json_of
from sim.internet import Request

WINDOW = timedelta(seconds=60)
IN_WINDOW = 60
"""One request a second, measured over a rolling minute."""
REALTIME = ("investigating", "identified", "monitoring", "resolved")
SCHEDULED = ("scheduled", "in_progress", "verifying", "completed")
OVER = ("resolved", "completed")
STANDS = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage")


class StatuspageServer(Api):
    """One page with its components."""

    def __init__(self, key: str, page_id: str, components: Iterable[str], *, slow_status: int = 429) -> None:
        super().__init__()
        self._key = key
        self._path = re.compile(rf"/v1/pages/{re.escape(page_id)}/(?P<rest>.+)")
        self._slow_status = slow_status
        self._calls: deque[datetime] = deque()
        self.stands = dict.fromkeys(components, "operational")
        self.incidents: dict[str, Json] = {}
        """By id, the oldest first."""

    def admit(self, request: Request) -> None:
        authorized(request, f"OAuth {self._key}")
        while self._calls and request.at - self._calls[0] >= WINDOW:
            self._calls.popleft()
        if len(self._calls) >= IN_WINDOW:
            left = WINDOW - (request.at - self._calls[0])
            headers = {"Retry-After": str(int(left.total_seconds()) + 1)} if self._slow_status == 429 else {}
            raise Refusal(self._slow_status, "Rate limit exceeded", headers)
        self._calls.append(request.at)

    def respond(self, request: Request) -> tuple[int, object]:
        found = self._path.fullmatch(urlsplit(request.target).path)
        if found is None:
            raise Refusal(404, "Not found")
        match request.method, *found["rest"].split("/"):
            case "GET", "incidents":
                return 200, self._listed(self.incidents.values())
            case "GET", "incidents", "unresolved":
                realtime = (i for i in self.incidents.values() if i["status"] in REALTIME)
                return 200, self._listed(i for i in realtime if i["status"] not in OVER)
            case "GET", "incidents", "scheduled":
                planned = (i for i in self.incidents.values() if i["status"] in SCHEDULED)
                return 200, self._listed(i for i in planned if i["status"] not in OVER)
            case "GET", "incidents", id_:
                return 200, self._incident(id_)
            case "POST", "incidents":
                return 201, self._create(_object(json_of(request), "incident"))
            case "PATCH", "incidents", id_:
                return 200, self._update(self._incident(id_), _object(json_of(request), "incident"))
            case "PATCH", "components", id_:
                self._put({id_: _object(json_of(request), "component")["status"]})
                return 200, {"id": id_, "status": self.stands[id_]}
        raise Refusal(404, "Not found")

    def _listed(self, incidents: Iterable[Json]) -> list[Json]:
        return list(reversed(list(incidents)))

    def _incident(self, id_: str) -> Json:
        if id_ not in self.incidents:
            raise Refusal(404, "Not found")
        return self.incidents[id_]

    def _create(self, given: Json) -> Json:
        if not given.get("name"):
            raise Refusal(422, "Name can't be blank")
        id_ = f"inc{len(self.incidents) + 1:09d}"
        incident: Json = {"id": id_, "status": "investigating", "metadata": {}, "incident_updates": []}
        self._update(incident, given)
        self.incidents[id_] = incident
        return incident

    def _update(self, incident: Json, given: Json) -> Json:
        if given.get("status") not in (SCHEDULED if "scheduled_for" in given else REALTIME):
            raise Refusal(422, f"Status {given.get('status')} is not included in the list")
        if len(given.get("name", "")) > 255 or len(given.get("body", "")) > 25_000:
            raise Refusal(422, "Too long")
        if not all(isinstance(value, dict) for value in given.get("metadata", {}).values()):
            raise Refusal(422, "Metadata values must be objects")
        self._put(given.get("components", {}))
        fields = ("name", "status", "metadata", "impact_override", "scheduled_for", "scheduled_until")
        incident.update({name: given[name] for name in fields if name in given})
        if given.get("body"):
            incident["incident_updates"].insert(0, {"status": given["status"], "body": given["body"]})
            told = self.planned if "scheduled_for" in given else self.said
            told.append(Said(incident["id"], given["status"], given["body"]))
        return incident

    def _put(self, components: Json) -> None:
        for id_, status in components.items():
            if id_ not in self.stands or status not in STANDS:
                raise Refusal(422, f"Component {id_}: {status}")
        self.stands.update(components)


def _object(given: Json, name: str) -> Json:
    found = given.get(name)
    if not isinstance(found, dict):
        raise Refusal(400, f"{name} is missing")
    return found
