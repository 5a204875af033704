"""Somebody asks for e-mail: count it, then have a link sent to the address. No address is kept or logged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date
from typing import Protocol

from defib.core.frozen import dataclass
from defib.core.page.subscribing import Answer, Day, ask, sent, unsent
from defib.core.policy import Policy
from defib.shell.ports import CallFailed, Clock
from defib.shell.store import Conflict

CONFLICTS_MAX = 5
"""How often one request starts afresh because another was counted first."""
NO_ADDRESS = frozenset({"InvalidParameter", "InvalidParameterException"})
"""SNS will not have the address (SNS API, Subscribe, Errors)."""
NO_ROOM = frozenset({"SubscriptionLimitExceeded", "SubscriptionLimitExceededException"})


class Days(Protocol):
    """What is remembered of each day. Reads are strongly consistent. Raises Transient or Rejected."""

    def day(self, of: date) -> Day: ...

    def remember_day(self, day: Day) -> Day:
        """Write it and return it with the new version. Raises Conflict when others wrote first."""
        ...


class Invitations(Protocol):
    """The way to one address that has not subscribed yet."""

    def invite(self, address: str) -> None:
        """Send a link, which makes the address a subscriber once it is followed. Raises Transient or Rejected."""
        ...


@dataclass(frozen=True, slots=True)
class Subscribing:
    """What subscribing needs of the outside world."""

    clock: Clock
    days: Days
    invitations: Invitations


def subscribe(text: str, edges: Subscribing, policy: Policy) -> Answer:
    """What whoever gave ``text`` as an address is told; whether a link was sent is not said."""
    for _ in range(CONFLICTS_MAX):
        try:
            return _subscribe(text, edges, policy)
        except Conflict:
            continue
        except CallFailed:
            return Answer.LATER
    return Answer.LATER


def _subscribe(text: str, edges: Subscribing, policy: Policy) -> Answer:
    day = edges.days.day(edges.clock.now().astimezone(UTC).date())
    asked = ask(text, day, policy.page.subscriptions_a_day)
    if asked.day is None:
        return asked.answer
    counted = edges.days.remember_day(asked.day)
    try:
        edges.invitations.invite(asked.address)
    except CallFailed as error:
        is_wrong = error.code in NO_ADDRESS
        _remember(edges.days, counted, lambda day: unsent(day, asked.address, is_wrong=is_wrong))
        if is_wrong:
            return Answer.WRONG
        return Answer.FULL if error.code in NO_ROOM else Answer.LATER
    if counted.failing:
        _remember(edges.days, counted, sent)
    return asked.answer


def _remember(days: Days, day: Day, becomes: Callable[[Day], Day]) -> None:
    """What came of it. Where that is not remembered, whoever asks again reads until tomorrow that a link was sent."""
    with suppress(CallFailed):
        for _ in range(CONFLICTS_MAX):
            try:
                days.remember_day(becomes(day))
            except Conflict:
                day = days.day(day.date)
            else:
                return
