"""Another page, which follows Defib's own: it keeps what it is told, and its calls fail as the story says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.model import ComponentStatus
from defib.core.page.steps import Done, Stand, Tell
from defib.core.policy import Policy
from defib.publish.channels.instatus import Instatus
from defib.publish.channels.keys import ApiKey, SigningKey
from defib.publish.channels.webhook import Webhook
from defib.shell.elsewhere import Channel
from defib.shell.ports import Clock
from sim.elsewhere.direct import Direct
from sim.elsewhere.instatus import InstatusServer
from sim.elsewhere.server import Server
from sim.elsewhere.webhook import WebhookServer
from sim.fuzz.outside import Outside

Told = tuple[str, str, str]
"""What it is about, the mark of what is said of it, and the component where each is told by itself."""
API_KEY = "made-up-api-key-0001"
SIGNING_KEY = "made-up-signing-key-0000001"
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
    """``shell.elsewhere.Channel`` of a page that knows again whatever it was told."""

    def __init__(self, name: str, outside: Outside, judges: Judges) -> None:
        self._call = outside.word("elsewhere.tell", name)
        self._out = outside
        self._judges = judges
        self.told: list[Told] = []
        self._stands: dict[str, ComponentStatus] = {}

    def stands(self, there: str) -> ComponentStatus:
        """How it shows the component that it calls so."""
        return self._stands.get(there, ComponentStatus.OPERATIONAL)

    def tell(self, tell: Tell) -> Done:
        return self._out.call(self._call, lambda: self._take(tell))

    def was_told(self, tell: Tell) -> Done | None:
        return self._out.call(self._call, lambda: self._done(tell) if _key(tell) in self.told else None)

    def stand(self, stand: Stand) -> Done:
        def put() -> Done:
            self._stands[stand.component] = stand.status
            return Done(latest=f"event-{len(self.told)}")

        return self._out.call(self._call, put)

    def _take(self, tell: Tell) -> Done:
        self._judges.told(tell)
        self.told.append(_key(tell))
        self._stands.update(tell.components)
        return self._done(tell)

    def _done(self, tell: Tell) -> Done:
        return Done(remote=tell.item.remote or f"there-{tell.what}", latest=f"event-{len(self.told)}")


class Spoken(OtherSide):
    """One that Defib speaks to by its own channel, and that knows of it what the replay's server does."""

    def __init__(self, name: str, outside: Outside, judges: Judges, channel: Channel, server: Server) -> None:
        super().__init__(name, outside, judges)
        self._channel = channel
        self._server = server
        self._sent: dict[Told, int] = {}
        """How much had gone wrong when it was last sent."""
        self._remotes: dict[str, str] = {}

    def stands(self, there: str) -> ComponentStatus:
        return ComponentStatus(self._server.stands.get(there, ComponentStatus.OPERATIONAL))

    def tell(self, tell: Tell) -> Done:
        key, struck = _key(tell), len(self._out.struck)
        if self._sent.get(key) == struck:
            self._judges.needless(tell)
        self._sent[key] = struck
        return super().tell(tell)

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
    there = {there: None for service in policy.services for there in other.there(service.name)}
    match other.kind:
        case Kind.INSTATUS:
            server: Server = InstatusServer(API_KEY, other.page_id, there)
            http = Direct(other.address, policy.calls, clock, server.answer)
            return Spoken(other.name, outside, judges, Instatus(http, other, lambda: ApiKey(API_KEY)), server)
        case Kind.WEBHOOK:
            server = WebhookServer(SIGNING_KEY)
            http = Direct(other.address, policy.calls, clock, server.answer)
            channel = Webhook(http, lambda: SigningKey(SIGNING_KEY), clock, policy.page, HERE)
            return Spoken(other.name, outside, judges, channel, server)
        case Kind.STATUSPAGE | Kind.STASHBOARD | Kind.CACHET:
            return OtherSide(other.name, outside, judges)


def _key(tell: Tell) -> Told:
    return tell.what, tell.mark, tell.part
