"""The simulated API Gateway: an HTTP API that hands every request to one function, in the template's shape."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sim.distribution import Reply
from sim.http_api import DEFAULT, HttpApi, HttpRequest

if TYPE_CHECKING:
    from sim.clock import VirtualTime
    from sim.functions import Lambda, Outcome
    from sim.wiring import Wiring

STEP = timedelta(milliseconds=50)
JSON = (("content-type", "application/json"),)
NOT_FOUND = b'{"message":"Not Found"}'
NO_ANSWER = b'{"message":"Service Unavailable"}'
FAILED = b'{"message":"Internal Server Error"}'
"""API Gateway Developer Guide, HTTP API: when the integration does not answer in time, and when it fails."""


class Gateway:
    """Every API of the template, for whoever can't wait while virtual time passes."""

    def __init__(self, wiring: Wiring, functions: Lambda, measure: Callable[[HttpApi, int], None]) -> None:
        self._wiring = wiring
        self._functions = functions
        self._measure = measure
        self._numbers = 0

    def request(self, host: str, request: HttpRequest, then: Callable[[Reply], None]) -> None:
        """Send one request now; ``then`` hears the answer."""
        path = request.target.partition("?")[0]
        leading = (api for api in self._wiring.apis if api.host == host and api.leads(request.method, path))
        # The default route takes what no other does (API Gateway Developer Guide, "Create routes for HTTP APIs").
        api = min(leading, key=lambda api: api.route == DEFAULT, default=None)
        if api is None:
            then(Reply(404, JSON, NOT_FOUND))
            return
        self._numbers += 1
        event = _event(api, request, self._numbers)

        def answered(outcome: Outcome) -> None:
            reply = _reply(outcome)
            self._measure(api, reply.code)
            then(reply)

        self._functions.invoke(self._wiring.function(api.function), event, answered)


def call(
    time: VirtualTime, wiring: Wiring, functions: Lambda, api: HttpApi, request: HttpRequest, number: int
) -> Reply:
    """Invoke the function and let as much virtual time pass as it takes to answer."""
    outcomes: list[Outcome] = []
    deadline = time.now + api.timeout
    functions.invoke(wiring.function(api.function), _event(api, request, number), outcomes.append)
    while not outcomes and time.now < deadline:
        time.run_until(time.now + STEP)
    if not outcomes:
        return Reply(503, JSON, NO_ANSWER)
    return _reply(outcomes[0])


def _reply(outcome: Outcome) -> Reply:
    returned = outcome.returned
    if outcome.error or not isinstance(returned, dict) or "statusCode" not in returned:
        return Reply(500, JSON, FAILED)
    body = returned.get("body", "")
    raw = b64decode(body) if returned.get("isBase64Encoded") else str(body).encode()
    headers = tuple((name.lower(), str(value)) for name, value in returned.get("headers", {}).items())
    return Reply(int(returned["statusCode"]), headers, raw)


def _event(api: HttpApi, request: HttpRequest, number: int) -> dict[str, Any]:
    """API Gateway Developer Guide, Lambda integrations for HTTP APIs, payload format version 2.0."""
    path, _, query = request.target.partition("?")
    host = request.headers.get("host", api.host)
    try:
        body, encoded = request.body.decode(), False
    except UnicodeDecodeError:
        body, encoded = b64encode(request.body).decode(), True
    return {
        "version": "2.0",
        "routeKey": api.route,
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": host, **request.headers},
        "requestContext": {
            "domainName": host,
            "requestId": f"request-{number}",
            "http": {"method": request.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": encoded,
    }
