"""A simulated Cachet 3: as much of its API as Defib calls (github.com/cachethq/core)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from sim.elsewhere.server import Api, Json, Refusal, Said, authorized, json_of
from sim.internet import Request

SAID = {1: "investigating", 2: "identified", 3: "monitoring", 4: "resolved"}
STANDS = {
    1: "operational",
    2: "degraded_performance",
    3: "partial_outage",
    4: "major_outage",
    6: "under_maintenance",
}


class CachetServer(Api):
    """One page with its components."""

    def __init__(self, key: str, components: Iterable[str]) -> None:
        super().__init__()
        self._key = key
        self.stands = dict.fromkeys(components, "operational")
        self._kept: dict[str, dict[str, Json]] = {"incidents": {}, "schedules": {}}
        self._updates: list[Json] = []
        self._last_id = 0

    def admit(self, request: Request) -> None:
        # Whoever asks only to read needs no token.
        if request.method != "GET":
            authorized(request, f"Bearer {self._key}")

    def respond(self, request: Request) -> tuple[int, object]:
        path = urlsplit(request.target)
        match request.method, *path.path.removeprefix("/api/").split("/"):
            case "GET", ("incidents" | "schedules") as kind:
                asked = parse_qs(path.query)
                most, sort = int(asked.get("per_page", ["15"])[0]), asked.get("sort", [""])[0]
                # Unasked, Cachet lists the newest incident first, and the oldest schedule.
                newest_first = sort == "-id" or (not sort and kind == "incidents")
                kept = list(self._kept[kind].values())
                return 200, {"data": (kept[::-1] if newest_first else kept)[:most]}
            case "GET", ("incidents" | "schedules") as kind, id_:
                included = [u for u in self._updates if u["of"] == (kind, id_)]
                return 200, {"data": self._one(kind, id_), "included": included}
            case "POST", "incidents":
                return 201, {"data": self._incident(json_of(request))}
            case "POST", "schedules":
                return 201, {"data": self.schedule(json_of(request))}
            case "POST", ("incidents" | "schedules") as kind, id_, "updates":
                return 201, {"data": self._update(kind, id_, json_of(request))}
            case "PUT", "schedules", id_:
                self._one("schedules", id_)["attributes"]["completed"] = json_of(request)["completed_at"]
                return 200, {"data": self._one("schedules", id_)}
            case "DELETE", "schedules", id_:
                self._one("schedules", id_)
                del self._kept["schedules"][id_]
                return 204, None
            case "PUT", "components", id_:
                status = json_of(request).get("status")
                if id_ not in self.stands or status not in STANDS:
                    raise Refusal(404 if id_ not in self.stands else 422, "The selected status is invalid.")
                self.stands[id_] = STANDS[status]
                return 200, {"data": {"id": id_, "type": "components", "attributes": {}}}
        raise Refusal(404, "Not found")

    def ends_of_schedules(self) -> list[str | None]:
        """When each planned outage ends there, by itself."""
        return [kept["attributes"]["completed"] for kept in self._kept["schedules"].values()]

    def _one(self, kind: str, id_: str) -> Json:
        if id_ not in self._kept[kind]:
            raise Refusal(404, "Not found")
        return self._kept[kind][id_]

    def _incident(self, given: Json) -> Json:
        _require(given, "name", "message", "status")
        if given["status"] not in SAID:
            raise Refusal(422, "The selected status is invalid.")
        made = self._keep("incidents", given, occurred={"string": given.get("occurred_at")})
        if given.get("visible"):
            self.said.append(Said(made["id"], SAID[given["status"]], given["message"]))
        return made

    def schedule(self, given: Json) -> Json:
        """As somebody does, or Defib by a request."""
        _require(given, "name", "message", "scheduled_at")
        if any(str(c.get("id")) not in self.stands for c in given.get("components", ())):
            raise Refusal(422, "The selected components.0.id is invalid.")
        times: Json = {"scheduled": {"string": given["scheduled_at"]}, "completed": given.get("completed_at")}
        made = self._keep("schedules", given, **times)
        self.planned.append(Said(made["id"], "scheduled", given["message"]))
        return made

    def _update(self, kind: str, id_: str, given: Json) -> Json:
        self._one(kind, id_)
        _require(given, "message", *(("status",) if kind == "incidents" else ()))
        status = {"value": given["status"]} if kind == "incidents" else None
        self._last_id += 1
        attributes = {"message": given["message"], "status": status}
        made: Json = {"id": str(self._last_id), "type": "updates", "of": (kind, id_), "attributes": attributes}
        self._updates.append(made)
        told = self.said if kind == "incidents" else self.planned
        told.append(Said(id_, SAID[given["status"]] if status else "", given["message"]))
        return made

    def _keep(self, kind: str, given: Json, **times: Json) -> Json:
        self._last_id += 1
        attributes = {"name": given["name"], "message": given["message"], "status": {"value": 1}, **times}
        made: Json = {"id": str(self._last_id), "type": kind, "attributes": attributes}
        self._kept[kind][made["id"]] = made
        return made


def _require(given: Json, *names: str) -> None:
    for name in names:
        if given.get(name) in (None, ""):
            raise Refusal(422, f"The {name} field is required.")
