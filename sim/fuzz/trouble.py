"""What goes wrong in the machinery of a story: calls, processes, messages. Drawn with the story, and shrunk with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Trouble(StrEnum):
    """One way in which the machinery fails."""

    REFUSED = "refused"
    """The call comes back at once with a passing error; nothing was done."""
    HANGS = "hangs"
    """The call is not carried out, and its deadlines pass one after the other."""
    ANSWER_LOST = "answer_lost"
    """The call is carried out, and nobody hears of it."""
    DIES_BEFORE = "dies_before"
    """The process dies just before the call."""
    DIES_AFTER = "dies_after"
    """The process dies just after the call."""
    RACE = "race"
    """Just before the call, another process does its work from its beginning to its end."""
    WORLD_MOVES = "world_moves"
    """Just before the call, somebody or something changes what was decided on: nothing fails."""
    MESSAGE_LOST = "message_lost"
    MESSAGE_DOUBLED = "message_doubled"
    MESSAGE_LATE = "message_late"
    NO_SWEEP = "no_sweep"
    """The schedule does not start the sweep."""
    REGION_DARK = "region_dark"
    """Nothing in the Region runs or answers: no function, no call in progress; what is sent waits."""


OF_MESSAGES = frozenset({Trouble.MESSAGE_LOST, Trouble.MESSAGE_DOUBLED, Trouble.MESSAGE_LATE})

OUTSIDE = (
    "ec2.observe",
    "ec2.suspects",
    "ec2.perform",
    "table.read",
    "table.write",
    "queue.signals",
    "queue.orders",
    "queue.notices",
    "queue.wake",
    "queue.turns",
    "switch.read",
    "channel.publish",
    "channel.chat",
    "site.lay_out",
    "elsewhere.tell",
    "bus.put",
)
"""What a process of Defib calls."""
BESIDES = ("sns.reach", "subscribers.tell")
"""What is called only in stories about addresses, or about the page's subscribers."""

CARRIED = ("events", "signals", "orders", "evidence", "notices", "turns", "elsewhere")
"""What carries messages. Only events may get lost for good: SQS loses none that it has taken."""


RACED = ("table.write", "ec2.perform", "ec2.observe", "queue.orders", "queue.signals", "channel.publish")
"""Calls at which it matters what another process does in between."""


REGION = "region"
"""What goes dark."""


@dataclass(frozen=True, slots=True)
class Spell:
    """From ``at`` on for ``lasts``, ``trouble`` befalls ``on`` (of OUTSIDE or CARRIED) with ``chance``."""

    at: timedelta
    lasts: timedelta
    trouble: Trouble
    on: str
    chance: float = 1.0

    def covers(self, since_start: timedelta) -> bool:
        return self.at <= since_start < self.at + self.lasts


@dataclass(frozen=True, slots=True)
class Nth:
    """The ``number``-th call that any process makes fails so, and no other does."""

    number: int
    trouble: Trouble


class Killed(BaseException):
    """The process ends where it stands; nothing of its own code sees it."""


def calm(spells: tuple[Spell, ...], start: datetime, begin: datetime, end: datetime) -> bool:
    """Whether nothing was wrong with the machinery between ``begin`` and ``end``."""
    return not any(start + s.at < end and begin < start + s.at + s.lasts for s in spells)
