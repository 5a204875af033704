"""Another page, which follows Defib's own: calls to it fail as the story says, or as it says itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from defib.core.frozen import replace
from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.model import ComponentStatus
from defib.core.page.steps import Done, Stand, Tell
from defib.core.page.words import words
from defib.core.policy import Policy
from defib.publish.channels.cachet import Cachet
from defib.publish.channels.instatus import Instatus
from defib.publish.channels.keys import ApiKey, SigningKey
from defib.publish.channels.stashboard import Stashboard
from defib.publish.channels.statuspage import Statuspage
from defib.publish.channels.webhook import Webhook
from defib.shell.elsewhere import Channel, Following
from defib.shell.ports import CallFailed, Clock
from defib.stashboard.oauth import Credentials
from sim.elsewhere.cachet import CachetServer
from sim.elsewhere.direct import Direct
from sim.elsewhere.instatus import InstatusServer
from sim.elsewhere.server import Server
from sim.elsewhere.stashboard import StashboardServer
from sim.elsewhere.statuspage import StatuspageServer
from sim.elsewhere.webhook import WebhookServer
from sim.fuzz.outside import Outside

Told = tuple[str, str, str]
"""What it is about, the mark of what is said of it, and the component where each is told by itself."""
API_KEY = "made-up-api-key-0001"
SIGNING_KEY = "made-up-signing-key-0000001"
CREDENTIALS = Credentials("made-up", "made-up-secret-0001", "defib", "made-up-secret-0002")
HERE = "https://status.example.com"


@dataclass(frozen=True, slots=True)
class Judges:
    """Who hears of what another page is told."""

    told: Callable[[Tell], None]
    """It is about to be told something."""
    needless: Callable[[Tell], None]
    """It is sent what it has been sent, and nothing has gone wrong since."""
    mistaken: Callable[[Tell, str], None]
    """Something is taken for told there that is not, as the words say."""


class OtherSide:
    """``shell.elsewhere.Channel`` of one other page: Defib's own, and the replay's server answers it."""

    def __init__(self, name: str, outside: Outside, judges: Judges, channel: Channel, server: Server) -> None:
        self._call = outside.word("elsewhere.tell", name)
        self._out = outside
        self._judges = judges
        self._channel = channel
        self._server = server
        self.told: list[Told] = []
        self._sent: dict[Told, int] = {}
        """How much had gone wrong when it was last sent."""
        self._remotes: dict[str, str] = {}

    def stands(self, there: str) -> ComponentStatus:
        """How it shows the component that it calls so."""
        return ComponentStatus(self._server.stands.get(there, ComponentStatus.OPERATIONAL))

    def tell(self, tell: Tell) -> Done:
        key, struck = _key(tell), len(self._out.struck_at)
        if self._sent.get(key) == struck:
            self._judges.needless(tell)
        self._sent[key] = struck
        try:
            return self._out.call(self._call, lambda: self._take(tell))
        except CallFailed:
            # It may be the page itself that has refused it, as one that is called too often.
            del self._sent[key]
            raise

    def was_told(self, tell: Tell) -> Done | None:
        found = self._out.call(self._call, lambda: self._channel.was_told(tell))
        if found is not None and _key(tell) not in self.told:
            self._judges.mistaken(tell, "which it never was")
        elif found is not None and found.remote != self._remotes[tell.what]:
            self._judges.mistaken(tell, f"as {found.remote} in the place of {self._remotes[tell.what]}")
        return found

    def stand(self, stand: Stand) -> Done:
        return self._out.call(self._call, lambda: self._channel.stand(stand))

    def _take(self, tell: Tell) -> Done:
        said = self._said
        done = self._channel.tell(tell)
        # A receiver of webhooks drops what it has had.
        if self._said > said:
            self._judges.told(tell)
            self.told.append(_key(tell))
        self._remotes[tell.what] = done.remote
        return done

    @property
    def _said(self) -> int:
        return len(self._server.said) + len(self._server.planned)


def other_side(other: OtherPage, outside: Outside, judges: Judges, clock: Clock, policy: Policy) -> OtherSide:
    """What ``other`` is in a story."""
    server = _server(other, policy, clock)
    # All drawn addresses end with it, and only Cachet's API is there.
    address = other.address.removesuffix("/api") if other.kind is Kind.STASHBOARD else other.address
    http = Direct(address, policy.calls, clock, server.answer)
    return OtherSide(other.name, outside, judges, _channel(other, http, policy, clock), server)


def _server(other: OtherPage, policy: Policy, clock: Clock) -> Server:
    there = tuple({there: None for service in policy.services for there in other.there(service.name)})
    match other.kind:
        case Kind.STATUSPAGE:
            return StatuspageServer(API_KEY, other.page_id, there)
        case Kind.STASHBOARD:
            return StashboardServer(CREDENTIALS, there, clock.now())
        case Kind.CACHET:
            return CachetServer(API_KEY, there)
        case Kind.INSTATUS:
            return InstatusServer(API_KEY, other.page_id, there)
        case Kind.WEBHOOK:
            return WebhookServer(SIGNING_KEY)


def _channel(other: OtherPage, http: Direct, policy: Policy, clock: Clock) -> Channel:
    """As handlers/elsewhere.py has it."""

    def key() -> ApiKey:
        return ApiKey(API_KEY)

    match other.kind:
        case Kind.STATUSPAGE:
            return Statuspage(http, other, key)
        case Kind.STASHBOARD:
            return Stashboard(http, other, lambda: CREDENTIALS, clock, words(policy.page.language))
        case Kind.CACHET:
            return Cachet(http, other, key)
        case Kind.INSTATUS:
            return Instatus(http, other, key)
        case Kind.WEBHOOK:
            return Webhook(http, lambda: SigningKey(SIGNING_KEY), clock, policy.page, HERE)


def _key(tell: Tell) -> Told:
    return tell.what, tell.mark, tell.part


def redeployed(following: Mapping[str, Following], policy: Policy) -> dict[str, Following]:
    """The same followers by another policy, which may describe their pages anew."""
    described = {other.name: other for other in policy.page.elsewhere}
    return {
        name: replace(page, policy=policy, other=described.get(name, page.other)) for name, page in following.items()
    }
