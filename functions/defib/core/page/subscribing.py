"""Who may subscribe: an address that is one, not twice a day, and not more of them a day than the operator allows.

No address is kept. What is remembered of one is a number of 20 bits that thousands of addresses share.
"""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum

from defib.core.frozen import dataclass, replace
from defib.core.setting import EMAIL

MARKS = 2**20
"""How many marks there are: of 100 addresses a day two share one about once in 200 days; none tells an address."""


class Answer(StrEnum):
    """What whoever asked is told. It never says whether the address was known."""

    SENT = "sent"
    WRONG = "wrong"
    """It is no address."""
    FULL = "full"
    """Too many have asked today."""
    LATER = "later"
    """It did not work just now."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day's subscriptions (UTC). A value: every change makes a new one."""

    date: date
    version: int = 0
    """0 until stored; each write requires the version it read."""
    count: int = 0
    marks: tuple[int, ...] = ()
    """Of the addresses that were sent a link."""
    failing: bool = False
    """Whether the last link could not be sent, for no fault of its address."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What comes of one request."""

    answer: Answer
    address: str = ""
    """To be sent a link; empty when none is."""
    day: Day | None = None
    """To be remembered before the link is sent."""


def ask(text: str, day: Day, most: int) -> Asked:
    """What comes of somebody's giving ``text`` as an address, while ``most`` links a day may be sent."""
    address = text.strip()
    if not EMAIL.fits(address):
        return Asked(Answer.WRONG)
    # First of all: on a full day an address that has asked before would else be told something else than a new one.
    if day.count >= most:
        return Asked(Answer.FULL)
    mark = mark_of(address)
    # While links can't be sent, an address that has asked before would be told that one was.
    if mark in day.marks and not day.failing:
        return Asked(Answer.SENT)
    others = tuple(known for known in day.marks if known != mark)
    return Asked(Answer.SENT, address, replace(day, count=day.count + 1, marks=(*others, mark)))


def unsent(day: Day, address: str, *, is_wrong: bool) -> Day:
    """The link could not be sent: the address may ask again. The day's count stays as it is.

    ``is_wrong`` where that is the address's own fault, and says nothing of others: else strangers could have an address
    sent one link after another.
    """
    marks = tuple(mark for mark in day.marks if mark != mark_of(address))
    return replace(day, marks=marks, failing=day.failing or not is_wrong)


def sent(day: Day) -> Day:
    """A link was sent."""
    return replace(day, failing=False)


def mark_of(address: str) -> int:
    """The same for one address however it is spelt."""
    return int.from_bytes(hashlib.sha256(address.lower().encode()).digest()[:8], "big") % MARKS
