"""Why Defib must not do, for now, what the ladder says. Each hazard has one guard, in ``guards/`` by its question."""

from __future__ import annotations

from defib.core.case import Action
from defib.core.guards import consent, limits, loss, ownership
from defib.core.guards.question import Guard, Question, Refusal

GUARDS: tuple[Guard, ...] = (
    consent.observe_mode,
    ownership.group_member,
    loss.instance_store_root,
    ownership.spot,
    limits.minimum_healthy,
    limits.concurrent_repairs,
)
"""In the order in which people should hear of them."""


def refuse(asked: Question) -> Refusal | None:
    """The first guard that forbids the action now, or None. Evidence is only read, so nothing forbids it."""
    if asked.action is Action.EVIDENCE:
        return None
    return next((refusal for guard in GUARDS if (refusal := guard(asked)) is not None), None)
