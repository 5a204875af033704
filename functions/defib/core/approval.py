"""One question to people about one repair, and what they say to it. How an answer came in is no matter here."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from defib.core.duration import format_duration
from defib.core.frozen import dataclass, replace

if TYPE_CHECKING:
    from defib.core.case import Case

GUARD = "approval"
"""The guard that holds the first act of a repair until somebody has said yes."""


class Choice(StrEnum):
    """What people may say."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says about the repair of case ``case_id``."""

    case_id: str
    choice: Choice
    by: str
    """Who says so, in their own words: AWS does not vouch for it."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What people were asked, once for the whole repair, and what they have said."""

    asked_at: datetime
    until: datetime
    """When a yes comes too late."""
    choice: Choice | None = None
    answered_at: datetime | None = None
    by: str = ""


def ask(case: Case, timeout: timedelta, now: datetime) -> Case:
    """Remember that people are asked; they are asked once, and the deadline they were given does not move."""
    return case if case.approval is not None else replace(case, approval=Approval(now, now + timeout))


def unheeded(case: Case | None, answer: Answer, now: datetime) -> str:
    """Why ``answer`` changes nothing; empty where it counts. ``case`` is the instance's open one, if there is any.

    A no counts until the repair is over, so that whoever knows better can end it; a yes only once, and in time. What
    is handed over Defib goes on starting: there a no counts that takes a yes back.
    """
    if case is None or case.id != answer.case_id:
        return "that case is not open"
    asked = case.approval
    if asked is None:
        return "nobody has been asked about that case"
    takes_back = answer.choice is Choice.REJECT and asked.choice is Choice.APPROVE
    if case.handed_over_at is not None and not takes_back:
        return "that case has been handed over to people"
    if asked.choice is not None and answer.choice in (asked.choice, Choice.APPROVE):
        return f"{asked.by} has answered already: {asked.choice}"
    if answer.choice is Choice.APPROVE and now >= asked.until:
        return f"it came after {asked.until:%d %B %H:%M:%S} UTC, when the time for a yes was over"
    return ""


def with_answer(case: Case, answer: Answer, now: datetime) -> Case:
    """The case with what people say; unchanged by an answer that does not count."""
    if case.approval is None or unheeded(case, answer, now):
        return case
    return replace(case, approval=replace(case.approval, choice=answer.choice, answered_at=now, by=answer.by))


def refused(asked: Approval | None, now: datetime) -> str:
    """Why people have to repair it themselves, as a clause; empty while the question is open or answered with yes."""
    if asked is None or asked.choice is Choice.APPROVE:
        return ""
    if asked.choice is Choice.REJECT:
        return f"{asked.by} said no to its repair"
    if now < asked.until:
        return ""
    return f"nobody approved its repair within {format_duration(asked.until - asked.asked_at)}"
