"""What goes wrong in the machinery of a story: calls, processes, messages. Drawn with the story, and shrunk with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


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
    FUNCTION_DIES = "function_dies"
    """The process dies each time that it runs, when so many of its calls have been answered."""
    QUEUE_LATE = "queue_late"
    """Lambda takes nothing from the queue until it is over."""
    QUEUE_DOUBLES = "queue_doubles"
    """Each message is delivered once more, some time after its function was done with it."""
    DENIED = "denied"
    """The call comes back at once: the role may not make it. It will be so until somebody mends that."""
    PARTLY = "partly"
    """Of a batch that the call sends, a part is refused, also when it is sent once more."""
    STALE = "stale"
    """What is read is the table as it was ``delay`` ago, where nobody asks for consistency."""
    CONFLICTS = "conflicts"
    """The call comes back at once, as when somebody else has written first."""
    FROZEN = "frozen"
    """The process stands still for ``delay`` just before the call; others do their work meanwhile."""
    SLOW = "slow"
    """The call is carried out, and its answer takes ``delay``; others do their work meanwhile."""
    HANGS_LONG = "hangs_long"
    """As HANGS, but it takes ``delay``; others do their work meanwhile."""


OF_SCENARIOS = frozenset({Trouble.FUNCTION_DIES, Trouble.QUEUE_LATE, Trouble.QUEUE_DOUBLES})
"""Scenarios tell of these (sim/fuzz/scenario_trouble.py)."""
REFUSALS = frozenset({Trouble.DENIED, Trouble.PARTLY, Trouble.STALE, Trouble.CONFLICTS})
"""Drawn by themselves (sim/fuzz/draw_refusals.py)."""
TAKE_TIME = frozenset({Trouble.FROZEN, Trouble.SLOW, Trouble.HANGS_LONG})
"""In which others may run: drawn by themselves, too (sim/fuzz/draw_races.py)."""
STOOD_STILL = timedelta(seconds=15)
"""How long a process does where the n-th call of all finds it so: long enough for whatever else is at work."""
DRAWN = tuple(trouble for trouble in Trouble if trouble not in OF_SCENARIOS | REFUSALS | TAKE_TIME)
"""What stories are drawn from."""

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

VERSIONED = "table.write versioned"
"""The writes that are refused where somebody else has written first."""
INDEX = "table.read index"
"""The reads that are not consistent: DynamoDB has no others of a global secondary index (Developer Guide, Global
secondary indexes)."""

CARRIED = ("events", "signals", "orders", "evidence", "notices", "turns", "elsewhere")
"""What carries messages. Only events may get lost for good: SQS loses none that it has taken."""

FUNCTIONS = ("sweep", "diagnose", "remediate", "evidence", "publish", "page", "elsewhere")
"""What runs, and may die each time that it does."""

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
    """A call as ``channel.chat``, or a part of it as ``elsewhere.tell chat``; a queue, ``sweep``, or a function."""
    chance: float = 1.0
    by: str = ""
    """The function whose calls it befalls; empty for those of all."""
    times: int = 0
    """How many it befalls at most; 0: all while it lasts."""
    after_calls: int = 0
    """How many of its calls are answered before a function dies."""
    delay: timedelta = timedelta(0)
    """How much later a message is delivered once more, how old what is read is, or how long a call takes."""

    def covers(self, since_start: timedelta) -> bool:
        return self.at <= since_start < self.at + self.lasts


@dataclass(frozen=True, slots=True)
class Nth:
    """The ``number``-th call that any process makes fails so, and no other does, or each ``apart``-th after it, too."""

    number: int
    trouble: Trouble
    apart: int = 0

    def at(self, call: int) -> Trouble | None:
        """What befalls that call."""
        again = self.apart and call > self.number and (call - self.number) % self.apart == 0
        return self.trouble if again or call == self.number else None


class Failing(Protocol):
    """Which of the calls fails, besides those that spells befall."""

    def at(self, call: int) -> Trouble | None:
        """What befalls the ``call``-th; None for nothing."""
        ...


class Killed(BaseException):
    """The process ends where it stands; nothing of its own code sees it."""


def calm(spells: tuple[Spell, ...], start: datetime, begin: datetime, end: datetime) -> bool:
    """Whether nothing was wrong with the machinery between ``begin`` and ``end``.

    Of spells that befall only so many it says when they did (Outside.struck_once), not how long they waited for that.
    """
    return not any(not s.times and start + s.at < end and begin < start + s.at + s.lasts for s in spells)
