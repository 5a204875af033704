"""Contacts, the policy that tells them, and everything around ``announce``, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from defib.core.answer.mail import AnswerLink
from defib.core.contact import Contact
from defib.core.incident import Notice, NoticeKind
from defib.core.medium import Medium
from defib.core.messages import MessageLimits
from defib.core.policy import Policy
from defib.core.post import Places, Post
from defib.core.severity import Severity
from defib.shell.announce import Announcing, announce, announce_alone
from defib.shell.ports import CallFailed
from defib.shell.sum_up import sum_up
from tests.core.facts import NOON, SERVICE
from tests.core.facts import POLICY as PLAIN
from tests.fakes import FakeChannel, FakeClock, FakeMail, FakeReminders, FakeStore

MAIL = (Medium.EMAIL, Medium.SMS, Medium.HTTPS)
ANN = Contact("ann", email=("ann@example.com",), https=("https://events.example.com/x",), chat=True)
BOB = Contact("bob", email=("bob@example.com",))
EVE = Contact("eve", email=("eve@example.com",))
WEB = replace(SERVICE, tell=("ann",), then=("bob",), runbook="https://wiki.example.com/web")
LIMITS = MessageLimits(most=2, window=timedelta(minutes=10), at_once=2)
POLICY = replace(PLAIN, services=(WEB,), contacts=(ANN, BOB, EVE), messages=LIMITS)
NO_STORM = replace(POLICY, messages=replace(LIMITS, at_once=20))


def notice(sequence: int = 1, severity: Severity = Severity.HIGH, **changes: Any) -> Notice:
    made = Notice(
        "web-1",
        "web",
        sequence,
        NoticeKind.OPENED,
        NOON,
        "i-1-1",
        "i-1",
        f"subject {sequence};",
        "What is wrong.\n\nTimeline",
        "sms",
        severity,
    )
    return replace(made, **changes)


@dataclass
class Office:
    """Everything around ``announce``, in memory."""

    policy: Policy = POLICY
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOON))
    store: FakeStore = field(default_factory=FakeStore)
    mail: FakeMail = field(default_factory=FakeMail)
    sns: FakeChannel = field(default_factory=lambda: FakeChannel("sns", MAIL))
    chat: FakeChannel = field(default_factory=lambda: FakeChannel("chat", (Medium.CHAT,)))
    reminders: FakeReminders = field(default_factory=FakeReminders)

    @property
    def edges(self) -> Announcing:
        places = Places("arn:topic", "https://status.example.com")
        channels = (self.sns, self.chat)
        return Announcing(self.clock, self.store, self.mail, channels, self.reminders, places, _Link())

    def tell(self, *notices: Notice) -> None:
        for made in notices:
            self.store.notices[made.incident_id, made.sequence] = made
            announce(made.incident_id, made.sequence, self.edges, self.policy)

    def alone(self) -> list[CallFailed]:
        """Everything that has been asked for goes its way alone; what fails is asked for still."""
        asked, failed = list(dict.fromkeys(self.reminders.untold)), []
        self.reminders.untold = []
        for untold in asked:
            try:
                announce_alone(*untold, self.edges, self.policy)
            except CallFailed as error:
                failed.append(error)
                self.reminders.untold.append(untold)
        return failed

    def sum_up(self, contact: str = "ann") -> int:
        return sum_up(contact, self.edges, self.policy)

    def got(self, contact: str = "ann") -> list[Post]:
        return [post for post in self.sns.published if post.contact == contact]


class _Link:
    def link_for(self, notice: Notice, contact: str) -> AnswerLink | None:
        return AnswerLink(f"https://answer.example.com/{notice.sequence}/{contact}", NOON)

    def link_to_all(self, incident_ids: Sequence[str], contact: str, at: datetime) -> AnswerLink | None:
        return AnswerLink(f"https://answer.example.com/{at:%H:%M}/{contact}/{','.join(incident_ids)}", NOON)
