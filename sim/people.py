"""What people do in a scenario: set the kill switch, and answer Defib's questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from defib.core.approval import Choice
from defib.core.asking import DETAIL_TYPE, EVENT_SOURCE
from defib.core.call import Reaction
from defib.core.setting import choice, string, strings
from sim.scenario_value import INSTANCE, SERVICE, SETTING, moment

if TYPE_CHECKING:
    from defib.core.case import Case
    from sim.bus import Bus

WHEN = 'a duration since the start such as "3m", or a time of day in UTC such as 12:03:00'


@dataclass(frozen=True, slots=True)
class Pull:
    """Somebody sets the stack's kill switch."""

    at: timedelta = field(metadata=moment("When it is set.", '"5m"', WHEN))
    to: str = field(metadata=string("What it is set to; only on lets Defib act.", "off", SETTING))


@dataclass(frozen=True, slots=True)
class Reply:
    """Somebody answers Defib, which asks in approve mode whether it may repair an instance."""

    at: timedelta = field(metadata=moment("When they answer.", '"6m"', WHEN))
    on: tuple[str, ...] = field(
        metadata=strings("The instances whose newest cases they mean.", '["web-2"]', INSTANCE, 50)
    )
    answer: Choice = field(metadata=choice("What they say.", Choice, Choice.APPROVE))


@dataclass(frozen=True, slots=True)
class DrillReply:
    """Somebody answers the newest drill of a contact."""

    at: timedelta = field(metadata=moment("When they answer.", '"6m"', WHEN))
    contact: str = field(metadata=string("Whose drill.", "oncall", SERVICE))


def answer_drill(reply: DrillReply, drilled: Callable[[str], Sequence[str]], bus: Bus) -> None:
    """Put the event on the bus that the drill asks for. ``drilled`` gives a contact's drills, the newest last."""
    ids = drilled(reply.contact)
    if ids:
        detail = {"incident": ids[-1], "answer": Reaction.ACKNOWLEDGE.value, "by": "somebody on call"}
        bus.put(EVENT_SOURCE, DETAIL_TYPE, detail, ())


def answer(reply: Reply, name: str, cases: Callable[[], Sequence[Case]], bus: Bus) -> None:
    """Put the event on the bus that Defib's message asks for. Where there is no case, nobody has anything to answer."""
    about = [case.id for case in cases() if case.name == name]
    if about:
        detail = {"case": about[-1], "answer": reply.answer.value, "by": "somebody on call"}
        bus.put(EVENT_SOURCE, DETAIL_TYPE, detail, ())
