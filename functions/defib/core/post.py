"""One message to one contact, in the words of every medium that it goes by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from defib.core.answer.mail import AnswerLink, with_link
from defib.core.frozen import dataclass, replace
from defib.core.incident import Notice, NoticeKind
from defib.core.medium import Medium
from defib.core.outbox import reference
from defib.core.severity import Severity

if TYPE_CHECKING:
    from defib.core.contact import Contact
    from defib.core.policy import Policy

FORMAT = "defib-notice/1"
"""Of the JSON form; docs/notice.schema.json describes it. A change that breaks a reader gets the next number."""

CHAT_MAX = 3_000
"""Characters of a chat message: what a section of Slack's holds (Slack API, Section block)."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the deployment knows and the policy does not."""

    origin: str
    """What tells this Defib from every other, such as the ARN of its topic: incidents are numbered in each."""
    status_page: str = ""
    """Its address; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Post:
    """One message to one contact. Only the texts of its ``media`` are read."""

    contact: str
    media: tuple[Medium, ...]
    subject: str
    email: str
    sms: str
    https: str
    """JSON for machines."""
    chat: str
    """JSON for Amazon Q Developer in chat applications."""
    notice: str
    service: str
    incident_id: str
    severity: Severity

    def only(self, media: Sequence[Medium]) -> Post:
        """The same for those of its media that are among ``media``."""
        return replace(self, media=tuple(medium for medium in self.media if medium in media))


def post_of(
    notice: Notice,
    contact: Contact,
    media: tuple[Medium, ...],
    policy: Policy,
    places: Places,
    link: AnswerLink | None = None,
) -> Post:
    """``notice`` for ``contact``. ``link`` is where they can answer."""
    service = policy.service(notice.service)
    links = {
        "answer": link.url if link is not None else "",
        "runbook": service.runbook if service is not None else "",
        "page": places.status_page,
    }
    email = _email(notice, links, link)
    return Post(
        contact=contact.name,
        media=media,
        subject=notice.subject,
        email=email,
        sms=notice.sms,
        https=json.dumps(_machine_form(notice, contact, places, links)),
        chat=_chat(notice, email) if Medium.CHAT in media else "",
        notice=notice.kind,
        service=notice.service,
        incident_id=notice.incident_id,
        severity=notice.severity,
    )


def _chat(notice: Notice, email: str) -> str:
    return chat_form(notice.subject, email, notice.incident_id, notice.kind, reference(notice))


def chat_form(title: str, text: str, thread: str, kind: str, about: str) -> str:
    """The custom notification that Amazon Q Developer in chat applications shows; it drops all else without a word.

    One incident is one thread there. (Administrator Guide, Custom notifications.)
    """
    return json.dumps(
        {
            "version": "1.0",
            "source": "custom",
            "id": about,
            "content": {"textType": "client-markdown", "title": _escaped(title), "description": _chat_text(text)},
            "metadata": {"threadId": thread, "summary": _escaped(title), "eventType": kind},
        }
    )


def _email(notice: Notice, links: dict[str, str], link: AnswerLink | None) -> str:
    """The notice's body, with the links before what has happened so far."""
    labels = {"runbook": "Runbook:", "page": "Status page:"}
    lines = [f"{label:<17} {links[key]}" for key, label in labels.items() if links[key]]
    head, gap, rest = notice.body.partition("\n\n")
    head = head if link is None else with_link(head, link.url, link.until)
    return "\n".join((head, *lines)) + gap + rest


def _machine_form(notice: Notice, contact: Contact, places: Places, links: dict[str, str]) -> dict[str, object]:
    return {
        "format": FORMAT,
        "id": reference(notice),
        "dedup_key": f"{places.origin}:{notice.incident_id}",
        "status": _status(notice.kind),
        "severity": notice.severity.value,
        "notice": notice.kind.value,
        "at": notice.at.isoformat(),
        "service": notice.service,
        "incident": notice.incident_id,
        "case": notice.case_id,
        "instance": notice.instance_id,
        "contact": contact.name,
        "asked": notice.tier.value,
        "summary": notice.subject,
        "brief": notice.sms,
        "text": notice.body,
        "links": {key: link for key, link in links.items() if link},
    }


def _status(kind: NoticeKind) -> str:
    match kind:
        case NoticeKind.RESOLVED:
            return "resolved"
        case NoticeKind.ACKNOWLEDGED:
            return "acknowledged"
        case NoticeKind.PLANNED:
            return "planned"
        case _:
            return "open"


def _chat_text(text: str) -> str:
    """What is about now, without the history that the thread shows."""
    head = _escaped(text.partition("\n\n")[0])
    return head if len(head) <= CHAT_MAX else f"{head[:CHAT_MAX].rpartition(chr(10))[0]}\n..."


def _escaped(text: str) -> str:
    """What a chat would take for a link, an image or a mention is shown as text: names are anybody's who may tag.

    Slack's begin with ``<`` (Slack API, Formatting text), those of Teams are Markdown (Microsoft Teams, Format your bot
    messages), whose two halves may not stand apart (CommonMark, Links).
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("](", "] (")
