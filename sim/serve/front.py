"""What stands at which path: the status page, the Stashboard API, and the replay's own page; the rest is HTTP's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from defib.stashboard.oauth import Credentials
from sim import gateway
from sim.customers import MAIN
from sim.deploy import generated
from sim.distribution import Distribution, Reply
from sim.http_api import DEFAULT, HttpApi, HttpRequest
from sim.reader import as_read_at
from sim.recording import PageFile
from sim.serve.control import Control, Diary
from sim.serve.pace import Pace
from sim.serve.player import FOLLOWS, Mode, Player
from sim.serve.signing import Translator
from sim.wiring import Wiring

API = re.compile(r"/(admin/)?api/v1(/.*)?|/admin(/.*)?|/rss")
"""Whose address is another one on AWS: the HTTP API's, not the page's."""
CONTROL = "/_replay"
OURS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII)
"""Host names under which a browser of this machine asks; any other is a foreign page's that was led here."""
TEXT = (("content-type", "text/plain; charset=utf-8"),)


@dataclass
class Front:
    """Answers requests. Called in the player's thread only."""

    player: Player
    pace: Pace
    distribution: Distribution
    api: HttpApi | None
    """The Stashboard API; None where the policy has none."""
    translator: Translator | None
    control: Control
    _requests: int = field(default=0)

    def answer(self, request: HttpRequest) -> Reply:
        """Any request but for a body that is too long, which HTTP refuses before."""
        if OURS.fullmatch(request.headers.get("host", "")) is None:
            return Reply(421, TEXT, b"This replay answers to 127.0.0.1 and localhost only.\n")
        path = request.target.partition("?")[0]
        if path == CONTROL:
            return self.control.answer(request)
        if self.api is not None and self.translator is not None and API.fullmatch(path):
            return self._call(request, self.api, self.translator)
        return self.distribution.answer(request.method, request.target, request.headers, self._files())

    def _call(self, request: HttpRequest, api: HttpApi, translator: Translator) -> Reply:
        world = self.player.world
        self._requests += 1
        there = translator.translated(request, self.pace.wall(), world.time.now)
        reply = gateway.call(world.time, world.wiring, world.functions, api, there, self._requests)
        if request.method not in ("GET", "HEAD") and reply.code < 400 and self.player.mode is not Mode.PLAYING:
            # Where time rests, the page could not follow what was just written.
            world.time.run_until(world.time.now + FOLLOWS)
        return reply

    def _files(self) -> Mapping[str, PageFile]:
        world = self.player.world
        files = world.customers.files
        if MAIN not in files:
            return files
        return {**files, MAIN: replace(files[MAIN], body=as_read_at(world.time.now, files[MAIN].body))}


def front_of(player: Player, pace: Pace, name: str, seed: int, diary: Diary) -> Front:
    """What serves the player's world, whose policy must have a status page."""
    wiring = player.world.wiring
    (distribution,) = wiring.distributions
    api = next((api for api in wiring.apis if api.route == DEFAULT), None)
    credentials = credentials_of(wiring)
    control = Control(player, name, seed, credentials, diary)
    return Front(player, pace, distribution, api, Translator(credentials) if credentials else None, control)


def credentials_of(wiring: Wiring) -> Credentials | None:
    """The made-up credentials with which the Stashboard API's writes are signed; None where there is no such API."""
    arns = {function.environment.get("DEFIB_STASHBOARD_SECRET") for function in wiring.functions}
    secret = next((secret for secret in wiring.secrets if secret.arn in arns), None)
    return Credentials(**json.loads(generated(secret))) if secret is not None else None
