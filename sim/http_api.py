"""HTTP APIs of the template: which request leads to which function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sim.clock import SimulatorGap
from sim.template import Template

DEFAULT = "$default"


LONGEST_MS = 30_000
"""How long an integration may take where nothing else is said (API Gateway API, CreateIntegration)."""


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
            raise SimulatorGap(f"{integration.logical_id}: sim/http_api.py knows only Lambda with payload format 2.0")
        name = str(properties["IntegrationUri"]).rpartition(":")[2]
        longest = timedelta(milliseconds=int(properties.get("TimeoutInMillis", LONGEST_MS)))
        found.append(HttpApi(hosts[route.properties["ApiId"]], key, name, longest, route.properties["ApiId"]))
    return tuple(found)
