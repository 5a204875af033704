"""What people do in a scenario: set the kill switch, and answer Defib's questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from defib.core.answer.link import Say
from defib.core.asking import DETAIL_TYPE, EVENT_SOURCE
from defib.core.call import Reaction
from defib.core.duration import format_duration
from defib.core.setting import choice, duration, string, strings
from sim.scenario_value import INSTANCE, SERVICE, SETTING, moment

if TYPE_CHECKING:
    from defib.core.case import Case
    from defib.core.incident import Notice
    from sim.bus import Bus
    from sim.mail import Mail

WHEN = 'a duration since the start such as "3m", or a time of day in UTC such as 12:03:00'


@dataclass(frozen=True, slots=True)
class Pull:
    """Somebody sets the stack's kill switch."""

    at: timedelta = field(metadata=moment("When it is set.", '"5m"', WHEN))
    to: str = field(metadata=string("What it is set to; only on lets Defib act.", "off", SETTING))


class Through(StrEnum):
    """How somebody answers."""

    COMMAND = "command"
    """By the command that the message holds."""
    LINK = "link"
    """By the link in the e-mail, on its page."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Somebody answers Defib: whether it may repair an instance, or that they look after it."""

    at: timedelta = field(metadata=moment("When they answer.", '"6m"', WHEN))
    on: tuple[str, ...] = field(
        metadata=strings("The instances whose newest cases they mean.", '["web-2"]', INSTANCE, 50)
    )
    answer: Say = field(metadata=choice("What they say.", Say, Say.APPROVE))
    lasts: timedelta = field(
        default=timedelta(hours=1), metadata=duration("Of a snooze by command: for how long.", "20m", "1m", "7d")
    )
    through: Through = field(
        default=Through.COMMAND, metadata=choice("By which of the ways that the message names.", Through, Through.LINK)
    )


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


BY = "somebody on call"


@dataclass(frozen=True, slots=True)
class Ways:
    """What people know of Defib, and the ways in which they answer it."""

    cases: Callable[[], Sequence[Case]]
    notices: Callable[[], Sequence[Notice]]
    bus: Bus
    mail: Mail


def answer(reply: Reply, name: str, ways: Ways) -> None:
    """Do what Defib's message says about answering. Where there is no case, nobody has anything to answer."""
    about = [case.id for case in ways.cases() if case.name == name]
    if not about:
        return
    told = [notice.incident_id for notice in ways.notices() if notice.case_id == about[-1]]
    if reply.through is Through.LINK:
        ways.mail.say(reply.answer, told[-1] if told else "", BY)
        return
    what = {"case": about[-1]} if reply.answer.choice is not None else {"incident": told[-1] if told else ""}
    lasts = {"for": format_duration(reply.lasts)} if reply.answer is Say.SNOOZE else {}
    ways.bus.put(EVENT_SOURCE, DETAIL_TYPE, {**what, **lasts, "answer": reply.answer.value, "by": BY}, ())
