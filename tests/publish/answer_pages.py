"""The page behind a link in every state, for the tests that look at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from defib.core.answer import page
from defib.core.answer.link import Link, Say, Use
from defib.core.answer.page import Page
from defib.core.answer.settings import AnswerSettings
from defib.core.answer.standing import standing
from defib.core.case import Case
from defib.core.incident import Incident
from defib.core.policy import Policy
from tests.core.facts import POLICY
from tests.handlers.questions import ABOUT_A_CALL, ABOUT_A_REPAIR, called, handed_over, held, later, waiting

NOW = later(minutes=6)
SNOOZE = timedelta(hours=1)
HOSTILE = "hostile"
PAYLOADS = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "' onfocus=window.hit=1 autofocus '",
    "</title><script>window.hit=1</script>",
    "</style><script>window.hit=1</script>",
    "javascript:window.hit=1",
    "{{ self.__init__ }}",
    "<iframe srcdoc='<script>parent.hit=1</script>'>",
)


def pages() -> dict[str, Page]:
    """Every page by name."""
    case = waiting(evidence=("instance status check impaired since 11:58:30 UTC",), reason="waits for a yes")
    incident = replace(
        held(case),
        timeline=("12:00:02 UTC  web-1 (i-0a1b2c3d4e5f60001) fails its instance check since 11:58 UTC",),
    )
    asked = question(ABOUT_A_REPAIR, incident, case)
    use = Use(ABOUT_A_REPAIR.id, "web-7", case.id, Say.APPROVE, "Ada", NOW)
    closed = replace(case, closed_at=NOW, reason="it works again")
    made = {
        "question": asked,
        "call": question(ABOUT_A_CALL, called(), handed_over()),
        "mistaken": page.mistaken(asked, "A name has at most 80 characters; this one has 90.", "a" * 90),
        "taken": page.taken(use, incident, case, SNOOZE, NOW),
        "repeated": page.repeated(use, incident, case, SNOOZE, NOW),
        "used": page.used(use, incident, case, SNOOZE, NOW, tried=True),
        "unfinished": page.unfinished(asked, use, SNOOZE),
        "over": question(ABOUT_A_REPAIR, incident, closed),
        "expired": page.expired(ABOUT_A_REPAIR.expires_at, ABOUT_A_REPAIR.incident_id),
        "invalid": page.INVALID,
        "unknown": page.UNKNOWN,
        "unavailable": page.UNAVAILABLE,
        "refused": page.refused(415, "The answer must be sent by the form of this page."),
    }
    for number, text in enumerate(PAYLOADS):
        made |= {f"{HOSTILE}-{number}-{name}": hostile for name, hostile in planted(text).items()}
    return made


def planted(text: str) -> dict[str, Page]:
    """Pages with ``text`` wherever anybody can write."""
    case = waiting(name=text, evidence=(text,), reason=text, zone=text)
    incident = replace(held(case), timeline=(text,))
    use = Use(ABOUT_A_REPAIR.id, "web-7", case.id, Say.APPROVE, text, NOW)
    return {
        "asked": page.mistaken(question(ABOUT_A_REPAIR, incident, case), text, text),
        "taken": page.taken(use, incident, case, SNOOZE, NOW),
    }


def question(link: Link, incident: Incident, case: Case) -> Page:
    return page.question(link, incident, case, standing(link, incident, case, NOW), policy(), NOW)


def policy() -> Policy:
    return replace(POLICY, answers=AnswerSettings(enabled=True))
