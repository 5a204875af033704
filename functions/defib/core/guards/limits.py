"""How much at once: what the service can bear to lose for a while."""

from __future__ import annotations

from defib.core.guards.question import TAKES_AWAY, Question, Refusal


def minimum_healthy(asked: Question) -> Refusal | None:
    """Enough others must be healthy before one is taken away."""
    service, peers = asked.service, asked.observation.peers
    if asked.action not in TAKES_AWAY or service.minimum_healthy == 0:
        return None
    if peers is None:
        return Refusal("minimum_healthy", f"the other instances of service {service.name} could not be counted")
    if peers.healthy >= service.minimum_healthy:
        return None
    return Refusal(
        "minimum_healthy",
        f"only {peers.healthy} others of service {service.name} are healthy and {service.minimum_healthy} are required",
    )


def concurrent_repairs(asked: Question) -> Refusal | None:
    """So many repairs at a time and no more."""
    under_repair, service = asked.observation.under_repair, asked.service
    if asked.action not in TAKES_AWAY or under_repair < service.concurrent_repairs:
        return None
    limit = service.concurrent_repairs
    return Refusal(
        "concurrent_repairs", f"{under_repair} of at most {limit} repairs of service {service.name} under way"
    )
