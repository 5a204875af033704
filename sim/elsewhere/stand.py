"""Every other page that a policy names, simulated: its host on the simulated internet, and its secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import boto3

from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.policy import Policy
from defib.stashboard.oauth import Credentials
from sim.elsewhere.cachet import CachetServer
from sim.elsewhere.instatus import InstatusServer
from sim.elsewhere.server import Server
from sim.elsewhere.stashboard import StashboardServer
from sim.elsewhere.statuspage import StatuspageServer
from sim.elsewhere.webhook import WebhookServer
from sim.internet import Failure, Internet, Request, Response
from sim.template import REGION

KEY = "made-up-api-key-0001"
SIGNING_KEY = "made-up-signing-key-0000001"
CREDENTIALS = Credentials("anonymous", "anonymous", "defib", "made-up-token-secret")


def stand(policy: Policy, internet: Internet, now: datetime) -> Mapping[str, Server]:
    """The servers by the names of their pages."""
    servers = {other.name: _server(other, now) for other in policy.page.elsewhere}
    by_host: dict[str, list[tuple[OtherPage, Server]]] = {}
    for other in policy.page.elsewhere:
        by_host.setdefault(urlsplit(other.address).hostname or "", []).append((other, servers[other.name]))
    for host, here in by_host.items():
        internet.host(host, _answer_of(here))
    secrets = boto3.client("secretsmanager", region_name=REGION)
    for name, kind in {other.secret: other.kind for other in policy.page.elsewhere}.items():
        secrets.create_secret(Name=name, SecretString=json.dumps(_secret(kind)))
    return servers


def _answer_of(here: Sequence[tuple[OtherPage, Server]]) -> Callable[[Request], Response | Failure]:
    """One host may serve several pages, which their ids tell apart."""

    def answer(request: Request) -> Response | Failure:
        found = (server for other, server in here if len(here) == 1 or f"/{other.page_id}/" in request.target)
        server = next(found, None)
        return Response(404) if server is None else server.answer(request)

    return answer


def _server(other: OtherPage, now: datetime) -> Server:
    components = dict.fromkeys(there for ids in other.components.values() for there in ids)
    match other.kind:
        case Kind.STATUSPAGE:
            return StatuspageServer(KEY, other.page_id, components)
        case Kind.CACHET:
            return CachetServer(KEY, components)
        case Kind.INSTATUS:
            return InstatusServer(KEY, other.page_id, components)
        case Kind.STASHBOARD:
            return StashboardServer(CREDENTIALS, components, now)
        case Kind.WEBHOOK:
            return WebhookServer(SIGNING_KEY)


def _secret(kind: Kind) -> Mapping[str, str]:
    match kind:
        case Kind.STASHBOARD:
            return {
                "consumer_key": CREDENTIALS.consumer_key,
                "consumer_secret": CREDENTIALS.consumer_secret,
                "token": CREDENTIALS.token,
                "token_secret": CREDENTIALS.token_secret,
            }
        case Kind.WEBHOOK:
            return {"signing_key": SIGNING_KEY}
        case Kind.STATUSPAGE | Kind.CACHET | Kind.INSTATUS:
            return {"api_key": KEY}
