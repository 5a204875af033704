"""Who hears of an incident: the contacts of each tier, by the name that the incident is kept under."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

from defib.core.escalation import Tier

if TYPE_CHECKING:
    from defib.core.contact import Contact
    from defib.core.policy import Policy

FOR_EVERYBODY = ("aws:", "defib:", "page:", "zone:")
"""How the names of incidents begin that concern more than one service; every contact hears of them."""

DRILL = "drill:"
"""How the names of drills begin; the name of the contact who is drilled follows."""


def audience(service: str, tier: Tier, policy: Policy) -> tuple[Contact, ...]:
    """The contacts up to ``tier``, in the order of the file.

    All for a service that has left it: an instance of it may be stopped at that moment, and nobody else would hear. Of
    one that names nobody in ``tell`` only what every contact must hear is heard.
    """
    if service.startswith(DRILL):
        return _named((service.removeprefix(DRILL),), tier, policy)
    found = policy.service(service)
    if service.startswith(FOR_EVERYBODY) or found is None:
        return policy.contacts
    return _named((*found.tell, *(found.then if tier is Tier.SECOND else ())), tier, policy)


def _named(names: Sequence[str], tier: Tier, policy: Policy) -> tuple[Contact, ...]:
    match tier:
        case Tier.EVERYBODY:
            return policy.contacts
        case Tier.FIRST | Tier.SECOND:
            return tuple(contact for contact in policy.contacts if contact.name in names)
    assert_never(tier)
