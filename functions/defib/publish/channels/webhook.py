"""Anything that takes messages: Statuspage's webhook shape, signed as Standard Webhooks has it (standardwebhooks.com).

The signature covers the message's id, the time and the body, so that a receiver can tell that a message is ours and
reject an old one. The id stays the same each time that a message is sent: who has seen it may drop it.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from defib.core.page.model import ComponentStatus, Page, page_id
from defib.core.page.settings import PageSettings
from defib.core.page.steps import Done, Stand, Step, Tell
from defib.publish.channels.http import Http, as_json
from defib.publish.channels.keys import Read, SigningKey
from defib.publish.page.api_v2 import Shaper
from defib.shell.ports import Clock, Rejected

PREFIX = "whsec_"
KEY_LEAST = 24
"""Bytes of a key (Standard Webhooks: from 24 to 64)."""


class Webhook:
    """Keeps the promises of ``shell.elsewhere.Channel``. ``url`` is the address of this page."""

    def __init__(self, http: Http, key: Read[SigningKey], clock: Clock, settings: PageSettings, url: str) -> None:
        self._http = http
        self._key = key
        self._clock = clock
        self._settings = settings
        self._url = url

    def tell(self, tell: Tell) -> Done:
        now, shaper = self._clock.now(), self._shaper(tell)
        if tell.incident is not None:
            id_, about = tell.incident.id, msgspec.to_builtins(shaper.incident(tell.incident))
        else:
            assert tell.outage is not None
            id_, about = tell.outage.id, msgspec.to_builtins(shaper.maintenance(tell.outage))
            about["incident_updates"][0] |= {"id": page_id("update", f"{id_} {tell.mark}"), "body": tell.body}
        self._send(tell, self._message(f"{id_} {tell.began_at.isoformat()} {tell.mark}"), {"incident": about}, now)
        return Done(id_)

    def was_told(self, tell: Tell) -> Done | None:
        """Nobody can be asked: it is sent again, with the same id."""
        del tell
        return None

    def stand(self, stand: Stand) -> Done:
        now, shaper = self._clock.now(), self._shaper(stand)
        component = next(c for c in stand.here if c.key == stand.component)
        id_ = self._message(f"{stand.component} {stand.mark}")
        update = {
            "id": id_,
            "component_id": component.id,
            "created_at": shaper.page.updated_at,
            "new_status": stand.status.value,
            "old_status": (stand.before or ComponentStatus.OPERATIONAL).value,
        }
        about = msgspec.to_builtins(shaper.component(component))
        self._send(stand, id_, {"component_update": update, "component": about}, now)
        return Done()

    def _message(self, of: str) -> str:
        """Its id. Several Defibs may tell one receiver, or one that is made anew: they number incidents alike."""
        return page_id("message", f"{self._url} {of}")

    def _shaper(self, step: Step) -> Shaper:
        return Shaper(Page(0, self._clock.now(), step.here, (), ()), self._settings, self._url)

    def _send(self, step: Step, id_: str, said: Mapping[str, Any], now: datetime) -> None:
        shaper, key = self._shaper(step), self._key().signing_key
        status = shaper.status()
        page = {"id": shaper.page.id, "status_indicator": status.indicator, "status_description": status.description}
        body = as_json({"meta": {"generated_at": now.isoformat()}, "page": page, **said})
        stamp = str(int(now.timestamp()))
        self._http.call(
            "POST",
            "",
            f"sending {step.what}",
            headers={
                "Content-Type": "application/json",
                "webhook-id": f"msg_{id_}",
                "webhook-timestamp": stamp,
                "webhook-signature": signature(key, f"msg_{id_}", stamp, body),
            },
            secrets=(key,),
            body=body,
        )


def signature(key: str, id_: str, stamp: str, body: bytes) -> str:
    """What a receiver computes too (Standard Webhooks, Signature scheme). Raises Rejected for what is no key."""
    signed = hmac.new(_key(key), f"{id_}.{stamp}.".encode() + body, hashlib.sha256)
    return f"v1,{b64encode(signed.digest()).decode()}"


def _key(text: str) -> bytes:
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else text.encode()
    except ValueError:
        key = b""
    if len(key) < KEY_LEAST:
        needed = f"at least {KEY_LEAST} bytes, or {PREFIX} and as many in base64"
        raise Rejected(f"the signing_key in the webhook's secret must be {needed}", code="BadKey")
    return key
