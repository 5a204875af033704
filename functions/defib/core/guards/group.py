"""What may be done to a member of an Auto Scaling group: by its state, its group's consent and its group's size."""

from __future__ import annotations

from typing import assert_never

from defib.core import in_a_row
from defib.core.case import Action
from defib.core.guards.question import CUTS_POWER, GIVES_BACK, Question, Refusal
from defib.core.membership import ENTERING_STANDBY, IN_SERVICE, REBALANCES, REPLACES, STANDBY, WARMED, GroupMember
from defib.core.suppression import applies, in_vain

UNEVEN = 1
"""By how much two zones of a group may differ: three members are in two zones as even as they can be."""


def group_member(asked: Question) -> Refusal | None:
    """A member that stops outside Standby is terminated by its group, even within its grace period.

    (EC2 Auto Scaling User Guide, Health checks for instances, and Temporarily remove instances.)
    """
    group, member = asked.observation.group, asked.observation.membership
    if not group or asked.action not in CUTS_POWER | {Action.REPLACE}:
        return None
    match asked.service.group_member:
        case GroupMember.REPLACE | GroupMember.STANDBY if asked.action is Action.REPLACE:
            return None
        case GroupMember.STANDBY if asked.action is Action.ENTER_STANDBY:
            return None
        case GroupMember.LEAVE:
            return Refusal(
                "group_member",
                f"its Auto Scaling group {group} would terminate it; the group replaces it by itself, or set "
                f'group_member for service {asked.service.name} to "replace" or "standby"',
            )
        case GroupMember.REPLACE:
            return Refusal("group_member", f"its Auto Scaling group {group} would terminate it; it is to be replaced")
        case GroupMember.STANDBY:
            if member is not None and member.lifecycle == STANDBY and asked.case.standby is not None:
                return None
            return Refusal("group_member", f"its Auto Scaling group {group} would terminate it: it is not in Standby")
    assert_never(asked.service.group_member)


def application_check(asked: Question) -> Refusal | None:
    """While it reboots its application does not answer, and a group replaces what fails its application check.

    (EC2 User Guide, Application status checks.) In Standby no check counts; so this is for a reboot in service.
    """
    member, failed = asked.observation.membership, in_vain(asked.case)
    group = member.group if member is not None else asked.observation.group
    away = member is not None and member.lifecycle != IN_SERVICE
    if asked.action is not Action.REBOOT or not group or away or failed is None or not applies(asked.observation):
        return None
    why = (failed.result.code or failed.result.detail) if failed.result is not None else ""
    return Refusal(
        "application_check",
        f"its Auto Scaling group {group} would replace it while it reboots: its application status check could not be "
        f"suppressed ({why or 'no answer'}); suppress it yourself, or exclude the check from aggregation",
    )


def group_state(asked: Question) -> Refusal | None:
    """A member that its group, or a person by way of it, is moving in or out is in other hands."""
    group, member = asked.observation.group, asked.observation.membership
    if not group or asked.action in GIVES_BACK:
        return None
    if member is None:
        if asked.service.group_member is GroupMember.LEAVE:
            return None
        return Refusal("group_state", f"EC2 Auto Scaling does not know it as a member of its group {group}")
    if member.lifecycle.startswith(WARMED):
        # It has never served, and its group replaces what fails there (EC2 Auto Scaling User Guide, View health check
        # status and the reason for health check failures).
        return Refusal("group_state", f"it is in the warm pool of its Auto Scaling group {group}, which looks after it")
    ours = asked.case.standby is not None and member.lifecycle in (STANDBY, ENTERING_STANDBY)
    if member.lifecycle == IN_SERVICE or ours:
        return None
    return Refusal(
        "group_state",
        f"it is {member.lifecycle} in its Auto Scaling group {group}, not by Defib; whoever moved it has it in hand",
    )


def group_consent(asked: Question) -> Refusal | None:
    """Acting on a group needs the group's own consent; IAM asks for the same tag."""
    member, opt_in = asked.observation.membership, asked.policy.opt_in
    if asked.action not in (Action.REPLACE, Action.ENTER_STANDBY) or member is None or member.opted_in:
        return None
    return Refusal(
        "group_consent",
        f"its Auto Scaling group {member.group} does not carry the opt-in tag {opt_in.key}={opt_in.value}; "
        "tag the group to let Defib act on it",
    )


def group_minimum(asked: Question) -> Refusal | None:
    """Standby takes it from the group's desired capacity, which must stay at its minimum (API, EnterStandby)."""
    member = asked.observation.membership
    if asked.action is not Action.ENTER_STANDBY or member is None:
        return None
    left = min(member.desired, member.in_service) - member.weight
    if left >= member.minimum:
        return None
    return Refusal(
        "group_minimum",
        f"Standby would leave its Auto Scaling group {member.group} {max(left, 0)} of at least {member.minimum} in "
        "service; raise the group's desired capacity, or let it be replaced",
    )


def group_balance(asked: Question) -> Refusal | None:
    """A group evens out its zones: what a zone has too many it terminates, however healthy.

    (EC2 Auto Scaling User Guide, Temporarily remove instances; API, TerminateInstanceInAutoScalingGroup.)
    """
    member, zone = asked.observation.membership, asked.observation.zone
    if asked.action is not Action.ENTER_STANDBY or member is None or any(p in member.suspended for p in REBALANCES):
        return None
    left = member.zones.get(zone, 0) - 1
    fullest = max(sorted(member.zones), key=lambda name: member.zones[name], default=zone)
    if member.zones.get(fullest, 0) - left <= UNEVEN:
        return None
    return Refusal(
        "group_balance",
        f"Standby would leave its Auto Scaling group {member.group} {left} in service in {zone} and "
        f"{member.zones[fullest]} in {fullest}: the group would even that out, and terminate a healthy one there. "
        "Suspend its AZRebalance, or let it be replaced",
    )


def group_protection(asked: Question) -> Refusal | None:
    """Scale-in protection does not stop a replacement; but whoever set it wanted the instance kept."""
    member = asked.observation.membership
    if asked.action is not Action.REPLACE or member is None or not member.protected:
        return None
    return Refusal(
        "group_protection",
        f"it is protected from scale-in in its Auto Scaling group {member.group}, and Defib never lifts that; "
        "take the protection off, or replace it yourself",
    )


def group_suspended(asked: Question) -> Refusal | None:
    """AWS itself suspends what has failed for a day: without ``Launch`` a group terminates, and launches nothing.

    (EC2 Auto Scaling User Guide, How suspending processes affects other processes.)
    """
    member = asked.observation.membership
    if asked.action is not Action.REPLACE or member is None:
        return None
    off = " and ".join(name for name in REPLACES if name in member.suspended)
    if not off:
        return None
    return Refusal(
        "group_suspended",
        f"{off} is suspended in its Auto Scaling group {member.group}, which would not put a new one in its place; "
        "resume it, or replace it yourself",
    )


def group_replacements(asked: Question) -> Refusal | None:
    """Where new members fail one after the other, the next one launched would fail too: old ones are kept as well."""
    member, limits = asked.observation.membership, asked.policy.limits
    group = member.group if member is not None else asked.observation.group
    if asked.action is not Action.REPLACE or not group:
        return None
    others = tuple(r for r in asked.observation.stack.replacements if r.case_id != asked.case.id)
    replaced = in_a_row.lately(others, group, limits, asked.now)
    if len(replaced) < limits.group_replacements:
        return None
    return Refusal(in_a_row.GUARD, in_a_row.suspicion(replaced, limits))
