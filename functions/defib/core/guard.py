"""Why Defib must not do, for now, what the ladder says. Each hazard has one guard, in ``guards/`` by its question."""

from __future__ import annotations

from defib.core.case import Action
from defib.core.guards import consent, event, group, limits, loss, ownership, pattern, placement
from defib.core.guards.question import Guard, Question, Refusal

GUARDS: tuple[Guard, ...] = (
    consent.observe_mode,
    consent.kill_switch,
    consent.maintenance,
    consent.unreadable_maintenance,
    event.aws_at_work,
    event.planned_restart,
    ownership.owned_by_others,
    group.group_state,
    group.group_member,
    group.group_consent,
    group.group_minimum,
    group.group_balance,
    group.group_protection,
    group.group_suspended,
    group.application_check,
    loss.instance_store_root,
    loss.stop_protection,
    loss.traits_unread,
    loss.instance_store_data,
    loss.public_ip_lost,
    loss.public_ip,
    placement.mac_host,
    placement.dedicated_host,
    placement.windows_force,
    ownership.spot_interrupted,
    ownership.spot,
    limits.zone_impaired,
    event.aws_issue,
    pattern.one_by_one,
    group.group_replacements,
    limits.target_by_address,
    limits.last_healthy_target,
    limits.replicated,
    limits.minimum_healthy,
    limits.concurrent_repairs,
    limits.others_under_repair,
    limits.stack_share,
    limits.stack_rate,
    # The last one: people are asked only about what nothing else forbids.
    consent.approval,
)
"""In the order in which people should hear of them."""

SUSPENDS = frozenset(
    {
        "kill_switch",
        "maintenance",
        "aws_at_work",
        "zone_impaired",
        "aws_issue",
        "one_by_one",
        "group_replacements",
        "spot_interrupted",
        "approval",
    }
)
"""Guards by which Defib is paused, or leaves it to EC2 or to people: the time that they hold is none that a repair has
had."""

TURNS = frozenset({"concurrent_repairs", "others_under_repair", "stack_share", "stack_rate"})
"""Guards by which others are repaired first."""

PAUSES = SUSPENDS | TURNS
"""Guards that hold for no fault of the repair: its age counts from when they let it go."""

AS_ONE = (limits.zone_impaired, event.aws_issue)
"""Guards that hold many at once for one reason, so that even their evidence would be taken for nothing."""

SPOKEN_FOR = frozenset(guard.__name__ for guard in AS_ONE)
"""Their names: an incident of its own, the zone's or AWS's, speaks for all that they hold."""


def refuse(asked: Question) -> Refusal | None:
    """The first guard that forbids the action now, or None.

    Evidence is only read, so nothing forbids it, except where a whole crowd's would be taken for nothing.
    """
    for guard in AS_ONE if asked.action is Action.EVIDENCE else GUARDS:
        refusal = guard(asked)
        if refusal is not None:
            return refusal
    return None
