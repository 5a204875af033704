"""A simulated receiver of webhooks: checks each signature, rejects what is old, and drops what it has had before."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

from sim.elsewhere.server import Api, Json, Refusal, Said
from sim.internet import Request

OLD = timedelta(minutes=5)


class WebhookServer(Api):
    """One receiver, which does what Standard Webhooks asks of receivers."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = base64.b64decode(key.removeprefix("whsec_")) if key.startswith("whsec_") else key.encode()
        self._seen: set[str] = set()
        self.messages: list[Json] = []

    def admit(self, request: Request) -> None:
        stamp = request.headers.get("webhook-timestamp", "0")
        signed = f"{request.headers.get('webhook-id', '')}.{stamp}.".encode() + request.body
        expected = base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(request.headers.get("webhook-signature", ""), f"v1,{expected}"):
            raise Refusal(401, "The signature is wrong")
        if abs(request.at.timestamp() - int(stamp)) > OLD.total_seconds():
            raise Refusal(401, "The message is old")

    def respond(self, request: Request) -> tuple[int, object]:
        id_ = request.headers["webhook-id"]
        if id_ not in self._seen:
            self._seen.add(id_)
            self._take(json.loads(request.body))
        return 204, None

    def _take(self, message: Json) -> None:
        self.messages.append(message)
        if "component" in message:
            self.stands[message["component"]["name"]] = message["component_update"]["new_status"]
            return
        incident = message["incident"]
        self.stands |= {component["name"]: component["status"] for component in incident["components"]}
        update = incident["incident_updates"][0]
        told = self.planned if "scheduled_for" in incident else self.said
        told.append(Said(incident["id"], update["status"], update["body"]))
