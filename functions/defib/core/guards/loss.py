"""What a stop would destroy."""

from __future__ import annotations

from defib.core.case import Action
from defib.core.guards.question import CUTS_POWER, Question, Refusal
from defib.core.model import TargetHealth
from defib.core.traits import Traits

BEGINS_A_STOP = frozenset({Action.ENTER_STANDBY, Action.DRAIN, Action.STOP})
"""Not a forced stop: what is stopping already has lost what a stop loses."""


def instance_store_root(asked: Question) -> Refusal | None:
    """An instance with an instance-store root volume can't be stopped (AWSEC2 UserGuide, Stop_Start)."""
    if asked.observation.root_device != "instance-store" or asked.action not in CUTS_POWER:
        return None
    return Refusal("instance_store_root", "its root volume is an instance store, which can't be stopped; replace it")


def waits_for_traits(held_by: str, traits: Traits) -> bool:
    """Whether a stop is held only because nothing answered when asked what it would destroy: ask again, soon."""
    return held_by == traits_unread.__name__ and traits.unanswered


def traits_unread(asked: Question) -> Refusal | None:
    """Nothing is stopped while it is not known what a stop would destroy."""
    traits = asked.observation.traits
    if traits.known or asked.action not in CUTS_POWER:
        return None
    why = f"AWS did not say whether a stop would destroy something ({traits.unread or 'it has not been asked yet'})"
    return Refusal("traits_unread", why)


def instance_store_data(asked: Question) -> Refusal | None:
    """A stop loses the data on instance-store volumes (AWSEC2 UserGuide, Data persistence of instance store)."""
    service = asked.service
    if not asked.observation.traits.instance_store or asked.action not in BEGINS_A_STOP:
        return None
    if service.allow_instance_store_loss:
        return None
    return Refusal(
        "instance_store_data",
        f"a stop would lose the data on its instance-store volumes (type {asked.observation.instance_type}). "
        f"Save the data and stop it yourself, or set allow_instance_store_loss = true for service {service.name}",
    )


def public_ip_lost(asked: Question) -> Refusal | None:
    """Where a start would give it no other public address, a stop cuts it off, whoever stands before it.

    (AWSEC2 UserGuide, Public IPv4 addresses.) What is cut off may reach nothing any more: its updates, its queues.
    """
    traits = asked.observation.traits
    if not traits.auto_public_ip or traits.regains_public_ip or asked.action not in BEGINS_A_STOP:
        return None
    return Refusal(
        "public_ip_lost",
        f"a stop would take its public address {traits.auto_public_ip} for good: with more than one network interface, "
        "or an Elastic IP address on a secondary private one, it gets no other. Give it an Elastic IP address in its "
        "place, or stop it yourself",
    )


def public_ip(asked: Question) -> Refusal | None:
    """A stop gives up an auto-assigned public IPv4 address; the next start gets another (AWSEC2 UserGuide, Stop_Start).

    Behind a load balancer nobody outside knows the address; behind a target group that none uses, somebody does.
    """
    address, service = asked.observation.traits.auto_public_ip, asked.service
    if not address or asked.action not in BEGINS_A_STOP:
        return None
    drained = asked.case.drained is not None and bool(asked.case.registrations)
    behind = drained or any(t.health is not TargetHealth.UNUSED for t in asked.observation.targets)
    if behind or service.allow_public_ip_change:
        return None
    return Refusal(
        "public_ip",
        f"a stop would change its public address {address}. Give it an Elastic IP address, stop it yourself, "
        f"or set allow_public_ip_change = true for service {service.name}",
    )


def stop_protection(asked: Question) -> Refusal | None:
    """EC2 refuses to stop a protected instance; Defib never lifts the protection."""
    if not asked.observation.traits.stop_protected or asked.action not in CUTS_POWER:
        return None
    return Refusal(
        "stop_protection",
        "it is protected against stopping (DisableApiStop), and Defib never lifts that. Switch the protection off, "
        "or stop and start it yourself",
    )
