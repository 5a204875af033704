"""Programs that change the page by the Stashboard API: they add services to it, and delete what is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
"""What every Stashboard begins with."""
OK = 200


class Editors:
    """Whoever changes the page. Like those that post, they try nothing again."""

    def __init__(self, clock: Clock, api: Api) -> None:
        self._clock = clock
        self._api = api
        self._requests = 0

    def edit(self, edited: Edited) -> None:
        with suppress(Killed):
            self._do(edited.edit, edited.on)

    def _do(self, edit: Edit, on: str) -> None:
        match edit:
            case Edit.ADD_SERVICE:
                self._ask("POST", "services", {"name": on, "description": "Somebody's."})
            case Edit.DELETE_SERVICE:
                self._ask("DELETE", f"services/{on}")
            case Edit.ADD_STATUS:
                looks = {"image": ICONS[on], "default": str(on == "up").lower()}
                self._ask("POST", "statuses", {"name": on, "description": "Again.", **looks})
            case Edit.DELETE_STATUS:
                self._ask("DELETE", f"statuses/{on}")
            case Edit.DELETE_EVENTS:
                for event in self._ask("GET", f"services/{on}/events").get("events", ()):
                    self._ask("DELETE", f"services/{on}/events/{event['sid']}")

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
