"""A simulated Instatus: as much of its API as Defib calls (instatus.com/help/api)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from sim.elsewhere.server import Api, Json, Refusal, Said, authorized, json_of
from sim.internet import Request

SAID = {
    "INVESTIGATING": "investigating",
    "IDENTIFIED": "identified",
    "MONITORING": "monitoring",
    "RESOLVED": "resolved",
    "NOTSTARTEDYET": "scheduled",
    "INPROGRESS": "in_progress",
    "COMPLETED": "completed",
}
STANDS = {
    "OPERATIONAL": "operational",
    "UNDERMAINTENANCE": "under_maintenance",
    "DEGRADEDPERFORMANCE": "degraded_performance",
    "PARTIALOUTAGE": "partial_outage",
    "MAJOROUTAGE": "major_outage",
}


class InstatusServer(Api):
    """One page with its components."""

    def __init__(self, key: str, page_id: str, components: Iterable[str]) -> None:
        super().__init__()
        self._key = key
        self._mount = f"/v1/{page_id}/"
        self.stands = dict.fromkeys(components, "operational")
        self._kept: dict[str, dict[str, Json]] = {"incidents": {}, "maintenances": {}}
        self._last_id = 0
        self._now = ""

    def admit(self, request: Request) -> None:
        authorized(request, f"Bearer {self._key}")

    def respond(self, request: Request) -> tuple[int, object]:
        path, self._now = urlsplit(request.target).path, f"{request.at:%Y-%m-%dT%H:%M:%S}.000Z"
        if not path.startswith(self._mount):
            raise Refusal(404, "Not found")
        match request.method, *path.removeprefix(self._mount).split("/"):
            case "GET", ("incidents" | "maintenances") as kind:
                return 200, list(reversed(self._kept[kind].values()))
            case "GET", ("incidents" | "maintenances") as kind, id_:
                return 200, self._one(kind, id_)
            case "POST", ("incidents" | "maintenances") as kind:
                return 200, self._create(kind, json_of(request))
            case "POST", "incidents", id_, "incident-updates":
                return 200, self._update("incidents", self._one("incidents", id_), json_of(request))
            case "POST", "maintenances", id_, "maintenance-updates":
                return 200, self._update("maintenances", self._one("maintenances", id_), json_of(request))
            case "PUT", "maintenances", id_:
                self._one("maintenances", id_).update(_times(json_of(request)))
                return 200, self._one("maintenances", id_)
            case "PUT", "components", id_:
                self._put([{"id": id_, "status": json_of(request).get("status")}])
                return 200, {"id": id_}
        raise Refusal(404, "Not found")

    def ends_of_maintenances(self) -> list[object]:
        """When each planned outage ends, as customers read it there."""
        return [kept.get("end") for kept in self._kept["maintenances"].values()]

    def _one(self, kind: str, id_: str) -> Json:
        if id_ not in self._kept[kind]:
            raise Refusal(404, "Not found")
        return self._kept[kind][id_]

    def _create(self, kind: str, given: Json) -> Json:
        if not given.get("name"):
            raise Refusal(422, "name is required")
        if kind == "maintenances" and not (given.get("start") and given.get("duration")):
            raise Refusal(422, "start and duration are required")
        made: Json = {"id": self._id("cl"), "name": given["name"], "updates": []}
        made |= {"started": given["started"]} if "started" in given else {}
        made |= _times(given)
        self._update(kind, made, given)
        self._kept[kind][made["id"]] = made
        return made

    def _update(self, kind: str, of: Json, given: Json) -> Json:
        if given.get("status") not in SAID or not given.get("message"):
            raise Refusal(422, "status and message are required")
        self._put(given.get("statuses", []))
        # One call a second at most: no two are of the same one.
        update = {"id": self._id("up"), "message": given["message"], "status": given["status"], "createdAt": self._now}
        of["updates"].append(update)
        of["status"] = given["status"]
        told = self.said if kind == "incidents" else self.planned
        told.append(Said(of["id"], SAID[given["status"]], given["message"]))
        return update

    def _put(self, statuses: list[Json]) -> None:
        for entry in statuses:
            if entry["id"] not in self.stands or entry["status"] not in STANDS:
                raise Refusal(422, f"{entry}")
        self.stands.update({entry["id"]: STANDS[entry["status"]] for entry in statuses})

    def _id(self, prefix: str) -> str:
        self._last_id += 1
        return f"{prefix}{self._last_id:06d}"


def _times(given: Json) -> Json:
    return {name: given[name] for name in ("start", "end", "duration") if name in given}
