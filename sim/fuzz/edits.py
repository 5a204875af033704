"""Programs that change the page by the Stashboard API: they add services to it, and delete what is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from defib.shell.ports import Clock
from defib.stashboard.oauth import FORM, Signed, signature
from sim.fuzz.api import CREDENTIALS, HERE, MOUNT, Api
from sim.fuzz.story import Edit, Edited
from sim.fuzz.trouble import Killed
from sim.internet import Request

ICONS = {"up": "tick-circle", "warning": "exclamation", "down": "cross-circle"}
"""The statuses that every Stashboard begins with."""
OK = 200
REQUESTS: Mapping[Edit, Callable[[str, str], tuple[str, str, Mapping[str, str]]]] = {
    Edit.ADD_SERVICE: lambda on, _: ("POST", "services", {"name": on, "description": "Somebody's."}),
    Edit.CHANGE_SERVICE: lambda on, to: ("POST", f"services/{on}", {"name": to}),
    Edit.PUT_IN_LIST: lambda on, to: ("POST", f"services/{on}", {"list": to}),
    Edit.DELETE_SERVICE: lambda on, _: ("DELETE", f"services/{on}", {}),
    Edit.ADD_STATUS: lambda on, to: (
        *("POST", "statuses"),
        {"name": on, "description": "Again.", "image": to or ICONS[on], "default": str(on == "up").lower()},
    ),
    Edit.CHANGE_STATUS: lambda on, to: ("POST", f"statuses/{on}", {"image": to}),
    Edit.DELETE_STATUS: lambda on, _: ("DELETE", f"statuses/{on}", {}),
    Edit.ADD_LIST: lambda on, _: ("POST", "service-lists", {"name": on, "description": "Some of them."}),
    Edit.DELETE_LIST: lambda on, _: ("DELETE", f"service-lists/{on}", {}),
    Edit.SAY: lambda on, to: ("POST", f"services/{on}/events", {"status": to, "message": f"{on} is {to}"}),
    Edit.ONLY_SAY: lambda on, to: (
        *("POST", f"services/{on}/events"),
        {"status": to, "message": f"Some say that {on} is {to}", "informational": "true"},
    ),
}
"""Method, path and form of each change, of what it is about and what that becomes."""


class Editors:
    """Whoever changes the page. Like those that post, they try nothing again."""

    def __init__(self, clock: Clock, api: Api) -> None:
        self._clock = clock
        self._api = api
        self._requests = 0

    def edit(self, edited: Edited) -> None:
        with suppress(Killed):
            if edited.edit is Edit.DELETE_EVENTS:
                for event in self._ask("GET", f"services/{edited.on}/events").get("events", ()):
                    self._ask("DELETE", f"services/{edited.on}/events/{event['sid']}")
            else:
                self._ask(*REQUESTS[edited.edit](edited.on, edited.to))

    def _ask(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """What is answered, nothing where that is an error. Raises Killed."""
        self._requests += 1
        oauth = {
            "oauth_consumer_key": CREDENTIALS.consumer_key,
            "oauth_token": CREDENTIALS.token,
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(self._clock.now().timestamp())),
            "oauth_nonce": f"edit-{self._requests}",
        }
        target, body = f"{MOUNT}{path}", urlencode(form or {}).encode()
        signed = Signed(method, f"{HERE}{target}", {}, body)
        oauth["oauth_signature"] = signature(signed, [*(form or {}).items(), *oauth.items()], CREDENTIALS)
        headers = {"content-type": FORM} if form else {}
        # Some clients sign in the query (docs/stashboard.md).
        target += f"?{urlencode(oauth)}"
        host = urlsplit(HERE).netloc
        request = Request(self._clock.now(), "https", method, host, target, {**headers, "host": host}, body)
        response = self._api.answer(request)
        return dict(json.loads(response.body)) if response.status == OK else {}
