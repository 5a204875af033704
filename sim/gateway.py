"""The simulated API Gateway: an HTTP API that hands every request to one function, in the template's shape."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sim.clock import SimulatorGap
from sim.distribution import Reply
from sim.template import Template

if TYPE_CHECKING:
    from sim.functions import Lambda, Outcome
    from sim.wiring import Wiring
    from sim.world import World

DEFAULT = "$default"
LONGEST_MS = 30_000
"""How long an integration may take where nothing else is said (API Gateway API, CreateIntegration)."""
STEP = timedelta(milliseconds=50)
JSON = (("content-type", "application/json"),)
NOT_FOUND = b'{"message":"Not Found"}'
NO_ANSWER = b'{"message":"Service Unavailable"}'
FAILED = b'{"message":"Internal Server Error"}'
"""API Gateway Developer Guide, HTTP API: when the integration does not answer in time, and when it fails."""


@dataclass(frozen=True, slots=True)
class HttpApi:
    """One route of an HTTP API, which leads to one function."""

    host: str
    route: str
    """Its key: ``$default``, or such as ``ANY /a/{token}``."""
    function: str
    """Its name."""
    timeout: timedelta
    api_id: str = ""

    def leads(self, method: str, path: str) -> bool:
        """Whether a request comes by the route (API Gateway Developer Guide, "Create routes for HTTP APIs")."""
        if self.route == DEFAULT:
            return True
        verb, _, pattern = self.route.partition(" ")
        wanted, given = pattern.split("/"), path.split("/")
        pairs = zip(wanted, given, strict=False)
        fits = len(wanted) == len(given) and all(w == g or (w.startswith("{") and g) for w, g in pairs)
        return fits and verb in ("ANY", method)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as a client sent it."""

    method: str
    target: str
    """Path and query, as they came."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes = b""


def apis_of(template: Template) -> tuple[HttpApi, ...]:
    """Every route of the template's HTTP APIs. Raises SimulatorGap for what is not simulated."""
    integrations = {i.ref: i for i in template.of_type("AWS::ApiGatewayV2::Integration")}
    hosts = {
        api.ref: str(template.resolve({"Fn::GetAtt": [api.logical_id, "ApiEndpoint"]})).removeprefix("https://")
        for api in template.of_type("AWS::ApiGatewayV2::Api")
    }
    found = []
    for route in template.of_type("AWS::ApiGatewayV2::Route"):
        key = str(route.properties["RouteKey"])
        integration = integrations[str(route.properties["Target"]).removeprefix("integrations/")]
        properties = integration.properties
        if properties["IntegrationType"] != "AWS_PROXY" or properties["PayloadFormatVersion"] != "2.0":
            raise SimulatorGap(f"{integration.logical_id}: sim/gateway.py knows only Lambda with payload format 2.0")
        name = str(properties["IntegrationUri"]).rpartition(":")[2]
        longest = timedelta(milliseconds=int(properties.get("TimeoutInMillis", LONGEST_MS)))
        found.append(HttpApi(hosts[route.properties["ApiId"]], key, name, longest, route.properties["ApiId"]))
    return tuple(found)


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


def call(world: World, api: HttpApi, request: HttpRequest, number: int) -> Reply:
    """Invoke the function and let as much virtual time pass as it takes to answer."""
    outcomes: list[Outcome] = []
    deadline = world.time.now + api.timeout
    world.functions.invoke(world.wiring.function(api.function), _event(api, request, number), outcomes.append)
    while not outcomes and world.time.now < deadline:
        world.time.run_until(world.time.now + STEP)
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
