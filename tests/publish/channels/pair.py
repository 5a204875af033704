"""This page and another that follows it: a simulated one of each kind, called directly or over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from defib.core.maintenance import Maintenance
from defib.core.page.derive import derive
from defib.core.page.elsewhere import Kind, OtherPage
from defib.core.page.model import ComponentStatus, PublicIncident
from defib.core.page.posted import Posted, posted
from defib.core.page.trouble import Trouble
from defib.core.page.words import words
from defib.core.policy import Calls, Policy
from defib.publish.channels.cachet import Cachet
from defib.publish.channels.http import Http
from defib.publish.channels.instatus import Instatus
from defib.publish.channels.keys import ApiKey, SigningKey
from defib.publish.channels.stashboard import Stashboard
from defib.publish.channels.statuspage import Statuspage
from defib.publish.channels.webhook import Webhook
from defib.shell.elsewhere import Came, Channel, Following, Turned, follow_elsewhere
from defib.shell.page import Repaged
from defib.shell.timelines import timelines
from defib.stashboard.oauth import Credentials
from sim.elsewhere.cachet import CachetServer
from sim.elsewhere.direct import Direct
from sim.elsewhere.instatus import InstatusServer
from sim.elsewhere.server import Said, Server
from sim.elsewhere.stashboard import StashboardServer
from sim.elsewhere.statuspage import StatuspageServer
from sim.elsewhere.webhook import WebhookServer
from sim.internet import Failure, Request, Response
from sim.memory.page import FakePageStore
from tests.core.page.shown import NOON, POLICY
from tests.fakes import FakeClock, FakeQueues
from tests.publish.channels.loopback import Loopback

KEY = "sk-4f9d0c7a61e2b835"
SIGNING_KEY = "whsec_NWZjMmEwYjc4ZDkxZTRmM2E2YjVjNGQzZTJmMQ=="
CREDENTIALS = Credentials("anonymous", "anonymous-s3cret", "defib", "t0ken-s3cret")
SECRETS = (KEY, SIGNING_KEY, SIGNING_KEY.removeprefix("whsec_"), CREDENTIALS.consumer_secret, CREDENTIALS.token_secret)
PAGE_ID = "kctbh9vrtdwd"
CALLS = Calls(connect_timeout=timedelta(seconds=5), read_timeout=timedelta(seconds=1), attempts=2)
"""An answer on loopback takes milliseconds, and only one that never comes takes the second."""
LOCAL = frozenset({"127.0.0.1"})
ADDRESS = "http://127.0.0.1"
BASE = {Kind.STATUSPAGE: "/v1", Kind.CACHET: "/api"}
THERE: Mapping[Kind, Mapping[str, str]] = {
    Kind.STATUSPAGE: {"web": "8kbf7d35c070", "api": "rb5wq1dczvbm", "worker": "ftgks51sfs2d"},
    Kind.STASHBOARD: {"web": "website", "api": "api", "worker": "workers"},
    Kind.CACHET: {"web": "1", "api": "2", "worker": "3"},
    Kind.INSTATUS: {"web": "ckf01fvnxywz60a35saa", "api": "ckf01fvnxywz60a35sab", "worker": "ckf01fvnxywz60a35sac"},
    Kind.WEBHOOK: {"web": "Website", "api": "API", "worker": "Workers"},
}
"""What each component is called there."""


@dataclass
class Faults:
    """Stands before a server: each request takes the next fault, None being none."""

    server: Server
    next: list[Response | Failure | None] = field(default_factory=list)
    lost: bool = False
    """Whether the server does what it was asked, and only its answer is lost."""
    answered: Callable[[Request], Response | Failure] | None = None
    """Stands in for the server's own answers."""

    def answer(self, request: Request) -> Response | Failure:
        answer = self.answered or self.server.answer
        fault = self.next.pop(0) if self.next else None
        if fault is None:
            return answer(request)
        if self.lost:
            answer(request)
        return fault


class Pair:
    """Time passes only by ``wait``, ``turn`` and ``settle``."""

    def __init__(
        self, kind: Kind, *, maintenance: tuple[Maintenance, ...] = (), key: str = KEY, address: str = "", **server: int
    ) -> None:
        self.kind = kind
        self.clock = FakeClock(NOON)
        self.store = FakePageStore()
        self.queues = FakeQueues()
        self.server = _server(kind, **server)
        self.faults = Faults(self.server)
        components = {} if kind is Kind.WEBHOOK else {name: (there,) for name, there in THERE[kind].items()}
        self.other = OtherPage(
            "elsewhere", kind, "defib/elsewhere", address + BASE.get(kind, ""), PAGE_ID, components, notify=True
        )
        page = replace(POLICY.page, elsewhere=(self.other,))
        self.policy: Policy = replace(POLICY, page=page, maintenance=maintenance)
        self.key = key
        self.url = "https://status.example.com"
        self.edges = self.directly()

    def over_http(self) -> Iterator[Pair]:
        """The same over real HTTP."""
        with Loopback(self.faults.answer, self.clock.now) as loopback:
            self.other = replace(self.other, url=loopback.address + BASE.get(self.kind, ""))
            self.edges = self._edges(Http(self.other.address, CALLS, self.clock, LOCAL))
            yield self

    def directly(self) -> Following:
        """The same without a network between."""
        return self._edges(Direct(self.other.address or ADDRESS, CALLS, self.clock, self.faults.answer))

    def at(self, after: float, *troubled: Trouble) -> None:
        """This page, so many minutes after noon."""
        self.clock.advance(max(NOON + timedelta(minutes=after) - self.clock.now(), timedelta(0)))
        derived = derive(self.store.shown(), troubled, self.policy, self.clock.now())
        if derived.shown != self.store.shown():
            self.store.remember_page(Repaged(derived.shown, timelines(derived.changed, self.store, self.policy)))

    def post(self, key: str, standing: ComponentStatus, message: str, *, informational: bool = False) -> None:
        """A person says something on this page."""
        said = Posted(key, standing, message, informational)
        derived = posted(self.store.shown(), said, self.policy, self.clock.now())
        if derived.shown != self.store.shown():
            self.store.remember_page(Repaged(derived.shown, timelines(derived.changed, self.store, self.policy)))

    def turn(self) -> Turned:
        return follow_elsewhere(replace(self.edges, policy=self.policy))

    def wait(self) -> timedelta:
        """Until the turn that was asked for last; returns how long that was."""
        waited = self.queues.turns[-1]
        self.clock.advance(waited)
        return waited

    def settle(self, most: int = 200) -> list[Turned]:
        """Turns as they are asked for, until there is nothing to tell."""
        turns = [self.turn()]
        while turns[-1].came is not Came.NOTHING:
            assert len(turns) < most, turns[-8:]
            # What is asked for, or else the next minute's.
            known = self.store.followed(self.other.name)
            due = [at for at in (known.quiet_until, known.doing.until if known.doing else None) if at is not None]
            self.clock.advance(max([at - self.clock.now() for at in due], default=timedelta(minutes=1)))
            turns.append(self.turn())
        return turns

    @property
    def incidents(self) -> list[PublicIncident]:
        return [self.store.kept[number] for number in sorted(self.store.kept)]

    def expected(self) -> list[tuple[str, str]]:
        """Every update of this page, with its status and words, in order."""
        updates = sorted(((u.at, i.number, u) for i in self.incidents for u in i.updates), key=lambda found: found[:2])
        return [(u.status.value, u.body) for _, _, u in updates]

    def stands(self) -> dict[str, str]:
        """How each component stands there, by its name here."""
        return {key: self.server.stands.get(there, "operational") for key, there in THERE[self.kind].items()}

    def should_stand(self) -> dict[str, str]:
        return {c.key: c.status.value for c in self.store.shown().components}

    def _edges(self, http: Http) -> Following:
        channel = self._channel(http)
        return Following(self.clock, self.store, channel, self.queues, self.queues, self.other, self.policy)

    def _channel(self, http: Http) -> Channel:
        def read() -> ApiKey:
            return ApiKey(self.key)

        match self.kind:
            case Kind.STATUSPAGE:
                return Statuspage(http, self.other, read)
            case Kind.CACHET:
                return Cachet(http, self.other, read)
            case Kind.INSTATUS:
                return Instatus(http, self.other, read)
            case Kind.STASHBOARD:
                said = words(self.policy.page.language)
                return Stashboard(http, self.other, lambda: CREDENTIALS, self.clock, said)
            case Kind.WEBHOOK:
                key = SIGNING_KEY if self.key == KEY else self.key
                return Webhook(http, lambda: SigningKey(key), self.clock, self.policy.page, self.url)


@contextmanager
def over_http(pair: Pair) -> Iterator[Pair]:
    yield from pair.over_http()


def bodies(said: list[Said]) -> list[str]:
    return [update.body for update in said]


def _server(kind: Kind, **more: int) -> Server:
    components = THERE[kind].values()
    match kind:
        case Kind.STATUSPAGE:
            return StatuspageServer(KEY, PAGE_ID, components, **more)
        case Kind.CACHET:
            return CachetServer(KEY, components)
        case Kind.INSTATUS:
            return InstatusServer(KEY, PAGE_ID, components)
        case Kind.STASHBOARD:
            return StashboardServer(CREDENTIALS, components, NOON)
        case Kind.WEBHOOK:
            return WebhookServer(SIGNING_KEY)
