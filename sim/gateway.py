"""The simulated API Gateway: an HTTP API that hands every request to one function, in the template's shape."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sim.clock import SimulatorGap
from sim.distribution import Reply
from sim.template import Template

if TYPE_CHECKING:
    from sim.functions import Outcome
    from sim.world import World

DEFAULT = "$default"
LONGEST_MS = 30_000
"""How long an integration may take where nothing else is said (API Gateway API, CreateIntegration)."""
STEP = timedelta(milliseconds=50)
NO_ANSWER = b'{"message":"Service Unavailable"}'
FAILED = b'{"message":"Internal Server Error"}'
"""API Gateway Developer Guide, HTTP API: when the integration does not answer in time, and when it fails."""


@dataclass(frozen=True, slots=True)
class HttpApi:
    """One route of an HTTP API, which leads to one function."""

    route: str
    """Its key: a method and a path, or ``$default``."""
    function: str
    """Its name."""
    timeout: timedelta


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
    """Every route of the template's HTTP APIs. Raises SimulatorGap for an integration that is not simulated."""
    integrations = {resource.ref: resource for resource in template.of_type("AWS::ApiGatewayV2::Integration")}
    found = []
    for route in template.of_type("AWS::ApiGatewayV2::Route"):
        integration = integrations[str(route.properties["Target"]).removeprefix("integrations/")]
        properties = integration.properties
        if properties["IntegrationType"] != "AWS_PROXY" or properties["PayloadFormatVersion"] != "2.0":
            raise SimulatorGap(f"{integration.logical_id}: sim/gateway.py knows only Lambda with payload format 2.0")
        name = str(properties["IntegrationUri"]).rpartition(":")[2]
        longest = timedelta(milliseconds=int(properties.get("TimeoutInMillis", LONGEST_MS)))
        found.append(HttpApi(route.properties["RouteKey"], name, longest))
    return tuple(found)


def call(world: World, api: HttpApi, request: HttpRequest, number: int) -> Reply:
    """Invoke the function and let as much virtual time pass as it takes to answer."""
    outcomes: list[Outcome] = []
    deadline = world.time.now + api.timeout
    world.functions.invoke(world.wiring.function(api.function), _event(request, number), outcomes.append)
    while not outcomes and world.time.now < deadline:
        world.time.run_until(world.time.now + STEP)
    if not outcomes:
        return Reply(503, (("content-type", "application/json"),), NO_ANSWER)
    returned = outcomes[0].returned
    if outcomes[0].error or not isinstance(returned, dict) or "statusCode" not in returned:
        return Reply(500, (("content-type", "application/json"),), FAILED)
    body = returned.get("body", "")
    raw = b64decode(body) if returned.get("isBase64Encoded") else str(body).encode()
    headers = tuple((name.lower(), str(value)) for name, value in returned.get("headers", {}).items())
    return Reply(int(returned["statusCode"]), headers, raw)


def _event(request: HttpRequest, number: int) -> dict[str, Any]:
    """API Gateway Developer Guide, Lambda integrations for HTTP APIs, payload format version 2.0."""
    path, _, query = request.target.partition("?")
    host = request.headers.get("host", "")
    try:
        body, encoded = request.body.decode(), False
    except UnicodeDecodeError:
        body, encoded = b64encode(request.body).decode(), True
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": dict(request.headers),
        "requestContext": {
            "domainName": host,
            "requestId": f"request-{number}",
            "http": {"method": request.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": encoded,
    }
