"""Customers who follow the page by e-mail, and strangers who ask for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

from defib.core.page.mail import Letter, Mailed
from defib.core.page.subscribing import Day
from defib.core.policy import Policy
from defib.shell.mail import Mailing, PublicPage, mail
from defib.shell.ports import Clock
from defib.shell.subscribe import Subscribing, subscribe
from sim.fuzz.outside import Outside
from sim.fuzz.trouble import Killed
from sim.memory.letters import FakeMailStore

HERE = "https://status.example.com"


class MailTable:
    """``shell.mail.MailStore`` and ``shell.subscribe.Days``."""

    def __init__(self, store: FakeMailStore, outside: Outside) -> None:
        self._store = store
        self._out = outside

    def mailed(self) -> Mailed:
        return self._out.call("table.read", self._store.mailed)

    def remember_mailed(self, mailed: Mailed) -> Mailed:
        return self._out.call("table.write", lambda: self._store.remember_mailed(mailed))

    def day(self, of: date) -> Day:
        return self._out.call("table.read", lambda: self._store.day(of))

    def remember_day(self, day: Day) -> Day:
        return self._out.call("table.write", lambda: self._store.remember_day(day))


class Topic:
    """``shell.mail.Subscribers`` and ``shell.subscribe.Invitations``: the topic to which subscribers belong."""

    def __init__(
        self, outside: Outside, letter: Callable[[Letter, int], None], invitation: Callable[[str, int], None]
    ) -> None:
        """``letter`` hears of each that is sent to everybody, ``invitation`` of each address that is sent a link.

        Both hear how much had gone wrong with the machinery before that call was made.
        """
        self._out = outside
        self._letter = letter
        self._invitation = invitation

    def tell(self, letter: Letter) -> None:
        before = len(self._out.struck_at)
        self._out.call("subscribers.tell", lambda: self._letter(letter, before))

    def invite(self, address: str) -> None:
        before = len(self._out.struck_at)
        self._out.call("subscribers.tell", lambda: self._invitation(address, before))


class Customers:
    """As handlers/page.py and handlers/subscribe.py have it, where the policy lets customers subscribe."""

    def __init__(self, policy: Policy, clock: Clock, page: PublicPage, topic: Topic, outside: Outside) -> None:
        self.memory = FakeMailStore()
        table = MailTable(self.memory, outside)
        self.policy = policy
        self._mailing = Mailing(clock, page, table, topic, HERE)
        self._subscribing = Subscribing(clock, table, topic)

    def follow(self) -> bool:
        """After each turn of the page; whether there can be any subscribers."""
        if not self.policy.page.subscribe:
            return False
        mail(self._mailing, self.policy)
        return True

    def ask(self, address: str) -> None:
        """Somebody asks for e-mail."""
        with suppress(Killed):
            subscribe(address, self._subscribing, self.policy)
