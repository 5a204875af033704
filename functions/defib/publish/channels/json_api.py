"""What Statuspage, Cachet and Instatus have in common: JSON both ways, and a key in every call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from defib.publish.channels.http import Answer, Http, as_json
from defib.publish.channels.keys import ApiKey, Read
from defib.shell.elsewhere import Gone, Unfit

NOT_FOUND = "404"


class JsonApi:
    """Calls below ``mount``, each with the key as ``scheme`` in its Authorization header. Raises what Http does."""

    def __init__(self, http: Http, key: Read[ApiKey], scheme: str, mount: str = "") -> None:
        self._http = http
        self._key = key
        self._scheme = scheme
        self._mount = mount

    def call(self, method: str, path: str, doing: str, body: Mapping[str, Any] | None = None) -> Answer:
        key = self._key().api_key
        return self._http.call(
            method,
            f"{self._mount}/{path}",
            doing,
            headers={"Authorization": f"{self._scheme} {key}", "Content-Type": "application/json"},
            secrets=(key,),
            body=None if body is None else as_json(body),
        )

    def call_about(self, method: str, path: str, doing: str, body: Mapping[str, Any] | None = None) -> Answer:
        """The same, about what was made there before. Raises Gone, too: somebody has deleted it."""
        try:
            return self.call(method, path, doing, body)
        except Unfit as error:
            if error.code == NOT_FOUND:
                raise Gone(str(error), error.code) from None
            raise
