"""By which of a contact's means a notice goes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from defib.core.incident import NoticeKind

if TYPE_CHECKING:
    from defib.core.contact import Contact
    from defib.core.incident import Notice


class Medium(StrEnum):
    """How a contact is reached: the ``media`` attribute that each subscription filters on."""

    EMAIL = "email"
    SMS = "sms"
    HTTPS = "https"
    CHAT = "chat"


WORTH_A_TEXT = frozenset(
    {
        NoticeKind.OPENED,
        NoticeKind.HELD,
        NoticeKind.APPROVAL,
        NoticeKind.ESCALATED,
        NoticeKind.CALLED,
        NoticeKind.RESOLVED,
    }
)
"""Progress, announcements and answers can wait for the e-mail; these can't."""


def media_of(notice: Notice, contact: Contact) -> tuple[Medium, ...]:
    """By which of the contact's means the notice goes."""
    return tuple(medium for medium in Medium if _takes(contact, medium, notice))


def means_of(contact: Contact) -> frozenset[Medium]:
    """All of the contact's means, whatever they are for."""
    has = {Medium.EMAIL: contact.email, Medium.SMS: contact.sms, Medium.HTTPS: contact.https, Medium.CHAT: contact.chat}
    return frozenset(medium for medium, given in has.items() if given)


def _takes(contact: Contact, medium: Medium, notice: Notice) -> bool:
    match medium:
        case Medium.EMAIL:
            return bool(contact.email) and notice.severity in contact.email_for
        case Medium.SMS:
            return bool(contact.sms) and notice.severity in contact.sms_for and notice.kind in WORTH_A_TEXT
        case Medium.HTTPS:
            return bool(contact.https) and notice.severity in contact.https_for
        case Medium.CHAT:
            return contact.chat and notice.severity in contact.chat_for
    assert_never(medium)
