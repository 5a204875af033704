"""Why Defib must not do, for now, what the ladder says. Each hazard has one guard, in ``guards/`` by its question."""

from __future__ import annotations

from defib.core.case import Action
from defib.core.guards import consent, event, group, limits, loss, ownership, placement
from defib.core.guards.question import Guard, Question, Refusal

GUARDS: tuple[Guard, ...] = (
    consent.observe_mode,
    consent.kill_switch,
    consent.maintenance,
    consent.unreadable_maintenance,
    event.aws_at_work,
    ownership.owned_by_others,
    group.group_state,
    group.group_member,
    group.group_consent,
    group.group_minimum,
    group.group_protection,
    loss.instance_store_root,
    loss.stop_protection,
    loss.traits_unread,
    loss.instance_store_data,
    loss.public_ip,
    placement.dedicated_host,
    placement.windows_force,
    ownership.spot_interrupted,
    ownership.spot,
    limits.zone_impaired,
    limits.last_healthy_target,
    limits.replicated,
    limits.minimum_healthy,
    limits.concurrent_repairs,
    limits.stack_share,
    limits.stack_rate,
)
"""In the order in which people should hear of them."""

SUSPENDS = frozenset({"kill_switch", "maintenance", "aws_at_work", "zone_impaired", "spot_interrupted"})
"""Guards by which Defib is paused, or left to EC2: the time that they hold is none that a repair has had."""


def refuse(asked: Question) -> Refusal | None:
    """The first guard that forbids the action now, or None.

    Evidence is only read, so nothing forbids it, except where a whole zone's would be taken for nothing.
    """
    asking = (guard for guard in GUARDS if asked.action is not Action.EVIDENCE or guard is limits.zone_impaired)
    return next((refusal for guard in asking if (refusal := guard(asked)) is not None), None)
