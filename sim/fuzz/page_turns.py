"""The page's own function in a story: it lays the page out, and writes to whoever has subscribed to it."""

from __future__ import annotations

from defib.aws.wire import Release, turn_in
from defib.core.policy import Policy
from defib.shell.page import Paging, follow, publish_draft
from defib.shell.ports import Clock
from sim.fuzz import onward, tables
from sim.fuzz.invariants.judge import Judge
from sim.fuzz.outside import Outside
from sim.fuzz.subscribers import Customers, Topic
from sim.memory.page import FakeSite


class PageTurns:
    """As handlers/page.py does, and held against the invariants after each turn."""

    def __init__(
        self,
        policy: Policy,
        clock: Clock,
        pages: tables.PageTable,
        site: FakeSite,
        queues: onward.Queues,
        outside: Outside,
        judge: Judge,
    ) -> None:
        topic = Topic(outside, judge.letter, judge.invited)
        followers = queues if policy.page.elsewhere else None
        self.customers = Customers(policy, clock, pages, topic, outside)
        self.policy = policy
        self._judge = judge
        self._paging = Paging(clock, pages, (tables.Site(site, outside),), queues, lambda _: None, followers)

    def take(self, body: object) -> None:
        """Do what one message on the page's queue asks for."""
        turn = turn_in(str(body)) if str(body).startswith("{") else None
        if isinstance(turn, Release):
            publish_draft(turn.incident, self._paging, self.policy)
        follow(self._paging, self.policy)
        self._judge.laid_out()
        if self.customers.follow():
            self._judge.mailed()
