"""What came of a request by a link, and the event that an answer is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from defib.core.answer.link import Link, Say, Use
from defib.core.answer.many import Many
from defib.core.duration import format_duration
from defib.core.frozen import dataclass

if TYPE_CHECKING:
    from defib.core.answer.page import Page
    from defib.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a request."""

    page: Page
    link: Link | Many | None = None
    """None where the token was none of ours."""
    said: Use | None = None
    """What has been passed on by this request."""
    problem: str = ""
    """Why not, for the log."""


def detail_of(use: Use, policy: Policy) -> str:
    """The detail of the event: what a person's own command says."""
    if use.say.choice is not None:
        return json.dumps({"case": use.case_id, "answer": use.say, "by": use.by})
    snoozed = {"for": format_duration(policy.answers.snooze)} if use.say is Say.SNOOZE else {}
    return json.dumps({"incident": use.incident_id, "answer": use.say, **snoozed, "by": use.by})
