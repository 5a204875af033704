"""Who hears of an incident: the contacts of each tier, by the name that the incident is kept under."""

from __future__ import annotations

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
    """The contacts up to ``tier``, in the order of the file; none for a service that has left it."""
    if service.startswith(FOR_EVERYBODY):
        return policy.contacts
    match tier:
        case Tier.EVERYBODY if _tell(service, policy):
            return policy.contacts
        case Tier.FIRST | Tier.EVERYBODY:
            names = _tell(service, policy)
        case Tier.SECOND:
            names = _tell(service, policy) | _then(service, policy)
        case _:
            assert_never(tier)
    return tuple(contact for contact in policy.contacts if contact.name in names)


def _tell(service: str, policy: Policy) -> frozenset[str]:
    if service.startswith(DRILL):
        return frozenset({service.removeprefix(DRILL)})
    found = policy.service(service)
    return frozenset(found.tell) if found is not None else frozenset()


def _then(service: str, policy: Policy) -> frozenset[str]:
    found = policy.service(service)
    return frozenset(found.then) if found is not None else frozenset()
