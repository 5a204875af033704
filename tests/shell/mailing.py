"""Where letters to subscribers go out, and what befalls that, for the tests of it."""

from __future__ import annotations

from defib.core.incident import Incident, Member, Phase
from defib.core.model import Cause
from defib.core.policy import Policy
from defib.shell.mail import Mailing, mail
from defib.shell.page import Paging, follow
from defib.shell.ports import CallFailed
from sim.memory.page import FakePageStore, FakeSite
from tests.core.page.shown import NOON, POLICY, minutes
from tests.fakes import FakeClock, FakeQueues
from tests.fakes.mail import FakeMailStore, FakeSubscribers


class Stage:
    """A page that is followed, with subscribers who have been there from the beginning."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy = policy
        self.clock = FakeClock(NOON)
        self.page = FakePageStore()
        self.store = FakeMailStore()
        self.subscribers = FakeSubscribers()
        self.paging = Paging(self.clock, self.page, (FakeSite(),), FakeQueues(), ignored)
        self.edges = Mailing(self.clock, self.page, self.store, self.subscribers, "https://status.example.com")
        self.at(0)

    def fail(self, phase: Phase = Phase.REPAIRING, service: str = "web") -> None:
        member = Member("i-1-1", "i-1", "web-1", "us-east-1a", Cause.INSTANCE_IMPAIRED, NOON, phase)
        over = self.clock.now() if phase is Phase.CLOSED else None
        self.page.incidents[service] = Incident(service, 1, NOON, members=(member,), resolved_at=over)

    def at(self, after: float) -> int:
        self.clock.advance(NOON + minutes(after) - self.clock.now())
        follow(self.paging, self.policy)
        return mail(self.edges, self.policy)

    def off(self, after: float, phase: Phase, service: str = "web") -> None:
        """A change and a turn of the page, for which nobody is written to."""
        self.clock.advance(NOON + minutes(after) - self.clock.now())
        self.fail(phase, service)
        follow(self.paging, self.policy)

    def told(self) -> list[str]:
        return [letter.body.partition(" ")[0] for letter in self.subscribers.letters]


def ignored(error: CallFailed) -> None:
    """There is no copy to fail."""


def nothing() -> None:
    """The write goes through."""


def dies() -> None:
    raise KeyboardInterrupt


def rival(stage: Stage) -> None:
    mail(stage.edges, stage.policy)
