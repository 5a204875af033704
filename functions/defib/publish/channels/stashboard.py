"""Another Stashboard, by its REST API v1: it knows events of services, and no incidents.

Signed as its own clients do: OAuth 1.0a with HMAC-SHA1 (RFC 5849), the signature in the header.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote, urlencode

import msgspec

from defib.core.frozen import dataclass
from defib.core.page.elsewhere import OtherPage
from defib.core.page.languages.words import Words
from defib.core.page.model import ComponentStatus
from defib.core.page.steps import Done, Stand, Tell
from defib.publish.channels.http import Answer, Http
from defib.publish.channels.keys import Read
from defib.shell.ports import Clock
from defib.stashboard.oauth import FORM, Credentials, Signed, signature

STATUS = {
    ComponentStatus.OPERATIONAL: "up",
    ComponentStatus.UNDER_MAINTENANCE: "warning",
    ComponentStatus.DEGRADED: "warning",
    ComponentStatus.PARTIAL_OUTAGE: "warning",
    ComponentStatus.MAJOR_OUTAGE: "down",
}
"""Of those that every Stashboard begins with."""


@dataclass(frozen=True, slots=True)
class StatusThere:
    id: str


@dataclass(frozen=True, slots=True)
class Event:
    """As much of one as is looked at."""

    sid: str
    message: str
    status: StatusThere


@dataclass(frozen=True, slots=True)
class Events:
    events: tuple[Event, ...]
    """The newest first."""


class ServiceThere(msgspec.Struct, frozen=True):
    current: Event | None = msgspec.field(name="current-event", default=None)


class Stashboard:
    """Keeps the promises of ``shell.elsewhere.Channel``."""

    def __init__(
        self, http: Http, other: OtherPage, credentials: Read[Credentials], clock: Clock, words: Words
    ) -> None:
        self._http = http
        self._other = other
        self._credentials = credentials
        self._clock = clock
        self._words = words

    def tell(self, tell: Tell) -> Done:
        status = tell.components.get(tell.part)
        return Done(latest=self._post(tell.part, tell.body, status, f"telling Stashboard of {tell.what}").sid)

    def was_told(self, tell: Tell) -> Done | None:
        doing = f"looking for {tell.what} at Stashboard"
        # Of a planned outage ``at`` is now, and it may have been told before midnight.
        day = tell.at if tell.outage is None else min(tell.at, tell.began_at) - timedelta(days=1)
        since = urlencode({"start": f"{day:%Y-%m-%d}"})
        for event in self._call("GET", f"services/{tell.part}/events?{since}", doing).read(Events, doing).events:
            if event.sid == tell.latest:
                break
            if event.message == tell.body:
                return Done(latest=event.sid)
        return None

    def stand(self, stand: Stand) -> Done:
        doing = f"putting service {stand.component} at Stashboard"
        current = self._call("GET", f"services/{stand.component}", doing).read(ServiceThere, doing).current
        if current is None and stand.status is ComponentStatus.OPERATIONAL:
            # Nobody has said anything of it.
            return Done()
        if current is not None and current.status.id == STATUS[stand.status]:
            return Done(latest=current.sid)
        return Done(latest=self._post(stand.component, self._words.component[stand.status], stand.status, doing).sid)

    def _post(self, service: str, message: str, status: ComponentStatus | None, doing: str) -> Event:
        form = {"message": message}
        form |= {"informational": "true"} if status is None else {"status": STATUS[status]}
        return self._call("POST", f"services/{service}/events", doing, form).read(Event, doing)

    def _call(self, method: str, path: str, doing: str, form: Mapping[str, str] | None = None) -> Answer:
        credentials, there = self._credentials(), f"/admin/api/v1/{path}"
        body = urlencode(form).encode() if form is not None else b""
        headers = {"Content-Type": FORM} if form is not None else {}
        if form is not None:
            headers["Authorization"] = self._signed(method, there, form, body, credentials)
        return self._http.call(
            method,
            there,
            doing,
            headers=headers,
            secrets=(credentials.consumer_secret, credentials.token_secret),
            body=body if form is not None else None,
        )

    def _signed(self, method: str, path: str, form: Mapping[str, str], body: bytes, credentials: Credentials) -> str:
        oauth = {
            "oauth_consumer_key": credentials.consumer_key,
            "oauth_token": credentials.token,
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(self._clock.now().timestamp())),
            "oauth_nonce": secrets.token_hex(16),
            "oauth_version": "1.0",
        }
        request = Signed(method, self._http.url + path, {}, body)
        oauth["oauth_signature"] = signature(request, [*form.items(), *oauth.items()], credentials)
        return "OAuth " + ", ".join(f'{name}="{quote(value, safe="-._~")}"' for name, value in oauth.items())
