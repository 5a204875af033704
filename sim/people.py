"""What people of a scenario do: they answer as Defib's messages say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from defib.core.answer.link import Say
from defib.core.asking import DETAIL_TYPE, EVENT_SOURCE
from defib.core.call import Reaction
from defib.core.duration import format_duration
from sim.replies import DrillReply, Reply, Through

if TYPE_CHECKING:
    from defib.core.case import Case
    from defib.core.incident import Notice
    from sim.bus import Bus
    from sim.mail import Mail

BY = "somebody on call"


def answer_drill(reply: DrillReply, drilled: Callable[[str], Sequence[str]], bus: Bus) -> None:
    """Put the event on the bus that the drill asks for. ``drilled`` gives a contact's drills, the newest last."""
    ids = drilled(reply.contact)
    if ids:
        detail = {"incident": ids[-1], "answer": Reaction.ACKNOWLEDGE.value, "by": BY}
        bus.put(EVENT_SOURCE, DETAIL_TYPE, detail, ())


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
