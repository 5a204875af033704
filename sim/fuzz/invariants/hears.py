"""Who must hear of a notice, and by which means: as docs/configuration.md and docs/notices.md have it."""

from __future__ import annotations

from collections.abc import Mapping

from defib.core.contact import Contact
from defib.core.escalation import Tier
from defib.core.incident import Notice, NoticeKind
from defib.core.medium import Medium
from defib.core.policy import Policy
from defib.core.severity import Severity

NEVER_TEXTED = frozenset({NoticeKind.PROGRESS, NoticeKind.PLANNED, NoticeKind.ACKNOWLEDGED})
DRILL, OF_NO_SERVICE = "drill", frozenset({"aws", "defib", "page", "zone"})


def hears(notice: Notice, policy: Policy) -> Mapping[str, frozenset[Medium]]:
    """By contact, its means."""
    about, colon, rest = notice.service.partition(":")
    everyone = {contact.name for contact in policy.contacts}
    services = {service.name: service for service in policy.services}
    if colon and about == DRILL:
        names = {rest}
    elif (colon and about in OF_NO_SERVICE) or notice.service not in services or notice.tier is Tier.EVERYBODY:
        names = everyone
    else:
        names = set(services[notice.service].tell)
        if notice.tier is Tier.SECOND:
            names |= set(services[notice.service].then)
    texted, loud = notice.kind not in NEVER_TEXTED, notice.severity
    return {contact.name: means(contact, loud, texted) for contact in policy.contacts if contact.name in names}


def means(contact: Contact, severity: Severity, texted: bool = True) -> frozenset[Medium]:
    """By which the contact gets what is so loud."""
    loud, means = severity.value, set()
    if contact.email and loud in contact.email_for:
        means.add(Medium.EMAIL)
    if contact.sms and loud in contact.sms_for and texted:
        means.add(Medium.SMS)
    if contact.https and loud in contact.https_for:
        means.add(Medium.HTTPS)
    if contact.chat and loud in contact.chat_for:
        means.add(Medium.CHAT)
    return frozenset(means)
