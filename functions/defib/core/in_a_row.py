"""New members of one Auto Scaling group that are replaced in a row: a fault of what the group launches.

So a broken image makes each replacement as dead as the one before it, and every one is another instance with a case of
its own: no limit of one instance or one case ever ends that.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from defib.core.call import unwanted
from defib.core.case import Action, Case, Outcome
from defib.core.duration import format_duration
from defib.core.frozen import replace
from defib.core.incident import Incident, Phase
from defib.core.limits import Limits
from defib.core.model import Cause, CheckStatus, Observation
from defib.core.replacement import Replacement
from defib.core.stack import Stack
from defib.core.words import NAME_MAX, day

GUARD = "group_replacements"
"""The guard that ends it (``guards/group.py``)."""

ASK = (
    "Look at what the group launches: the launch template and its last change, the image, the user data, and the "
    "console output in the evidence. Mend it or roll it back, then terminate what it has launched; or, if they only "
    "take long to come up, raise repair.arrival_timeout."
)

BRIEF = "Check its launch template and image."

WAITS = "While the replacements of its group are held, it is not replaced either."
WAITS_BRIEF = "Not replaced while its group is held."
"""What is added to the plan for a further member of a group about which people have been asked."""


def lately(replacements: tuple[Replacement, ...], group: str, limits: Limits, now: datetime) -> tuple[Replacement, ...]:
    """Those of ``group`` within ``limits.group_window``, the oldest first."""
    return tuple(r for r in replacements if r.group == group and now - r.at < limits.group_window)


def told_as(case: Case) -> str:
    """Under what name people are told, once an incident, why the case is held: each group for itself."""
    return _of(case.group) if case.held_by == GUARD else case.held_by


def is_told(incident: Incident, case: Case) -> bool:
    """Whether people have been asked in ``incident`` about the group of ``case``."""
    return _of(case.group) in incident.told_of


def _of(group: str) -> str:
    return f"{GUARD}:{group}"


def group_of(case: Case) -> str:
    """The group, as far as it fits, of a member that was held for it and is Defib's still; else empty.

    Also while another guard holds it: people are not asked anew when that is over.
    """
    is_over = case.closed_at is not None or case.handed_over_at is not None
    return "" if is_over or GUARD not in case.told_of else case.group[:NAME_MAX]


def without_what_is_over(incident: Incident, case: Case) -> Incident:
    """Of a group of which no member is held any more nobody is asked, and its next fault asks anew.

    ``case`` may have no place in the incident.
    """
    if not any(name.startswith(_of("")) for name in incident.told_of):
        return incident
    held = {group_of(case), *(m.group for m in incident.members if m.phase is not Phase.CLOSED)}
    if None in held:
        return incident
    for name in incident.told_of:
        if name.startswith(_of("")) and name.removeprefix(_of(""))[:NAME_MAX] not in held:
            told_of = tuple(told for told in incident.told_of if told != name)
            incident = replace(unwanted(incident, name), told_of=told_of)
    return incident


def works_after_all(case: Case) -> bool:
    """Whether a member that was held because others had been replaced in a row is well again."""
    return case.closed_at is not None and case.outcome in (Outcome.HEALED, Outcome.RECOVERED) and GUARD in case.told_of


def after(stack: Stack, case: Case, observation: Observation, limits: Limits, now: datetime) -> Stack:
    """The stack once ``case`` is remembered; the same when that changes nothing about replacements.

    Only members launched within the window count: where old ones fail, what the group launches is not to blame. One
    that works after all shows that it is not either; of one whose application has yet to answer nobody knows that.
    """
    launched_at, checks = observation.launched_at, observation.checks
    answers = checks is None or checks.application.status is not CheckStatus.INITIALIZING
    kept = tuple(r for r in stack.replacements if now - r.at < limits.group_window)
    intent = case.intent
    over = case.closed_at is not None or case.handed_over_at is not None
    if works_after_all(case) and answers:
        kept = tuple(r for r in kept if r.group != case.group)
    elif over and not case.count(Action.REPLACE):
        kept = tuple(r for r in kept if r.case_id != case.id)
    elif intent is not None and intent.action is Action.REPLACE and now - launched_at < limits.group_window:
        of_others = tuple(r for r in kept if r.case_id != case.id)
        on_arrival = case.cause is Cause.DEAD_ON_ARRIVAL
        kept = (*of_others, Replacement(case.group, case.id, case.name, intent.intended_at, on_arrival))
    return stack if kept == stack.replacements else replace(stack, replacements=kept)


def suspicion(replaced: tuple[Replacement, ...], limits: Limits) -> str:
    """What so many replacements in a row are taken for, and until when no more follow."""
    first = replaced[0]
    failed = "were dead on arrival" if all(r.on_arrival for r in replaced) else "failed and were replaced"
    until = day(replaced[-limits.group_replacements].at + limits.group_window)
    return (
        f"{len(replaced)} new members of group {first.group} {failed}; "
        "its launch template or image is likely broken. "
        f"Defib replaces no more of them until {until}, or until one that it holds works after all; "
        f"limits.group_replacements = {limits.group_replacements} in {format_duration(limits.group_window)}"
    )


def doing(limits: Limits, hold: timedelta) -> str:
    """What Defib does meanwhile."""
    return (
        f"It replaces no more members of the group for now: each that failed was launched within "
        f"{format_duration(limits.group_window)} before, so another would most likely fail too. It looks again every "
        f"{format_duration(hold)}. You hear this once, not for each of them."
    )
