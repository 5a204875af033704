"""Somebody else is at it: what the observation shows that Defib's own acts don't explain."""

from __future__ import annotations

from datetime import datetime

from defib.core.case import Action, Attempt, Case
from defib.core.model import REGISTERED, Observation, Verdict
from defib.core.policy import Repair
from defib.core.words import clock


def meddled(case: Case, observation: Observation, action: Action, repair: Repair, now: datetime) -> str:
    """What somebody else has done since the case began that ``action`` would undo or fight; empty when nothing."""
    started = started_by_others(case, observation, repair)
    if started is not None:
        return f"somebody else started it at {clock(started)}, during its repair: Defib does not act against them"
    taking = action in (Action.DRAIN, Action.STOP)
    groups = _registered_again(case, observation, repair, now) if taking else ""
    if groups:
        return (
            f"somebody else registered it again in {groups} after Defib had drained it: Defib does not act against them"
        )
    return ""


def started_by_others(case: Case, observation: Observation, repair: Repair) -> datetime | None:
    """When a person, another tool or AWS's own recovery started it during the case; None when nobody did.

    EC2 renews LaunchTime at each start (AWSEC2 API, Instance), so one that no start of Defib's explains is another's.
    It knows seconds only: what was started in the second in which its case was opened counts as started after that.
    A reboot by others shows nowhere; it does no harm to a repair.
    """
    launched = observation.launched_at
    if launched < case.opened_at.replace(microsecond=0) or any(_explains(a, launched, repair) for a in case.attempts):
        return None
    return launched


def _explains(attempt: Attempt, launched: datetime, repair: Repair) -> bool:
    if attempt.action is not Action.START or launched < attempt.intended_at.replace(microsecond=0):
        return False
    if attempt.result is None:
        return True
    # A call that AWS refused, or that was never made, has started nothing.
    return attempt.done_at is not None and launched <= attempt.done_at + repair.settle


def _registered_again(case: Case, observation: Observation, repair: Repair, now: datetime) -> str:
    drained = case.drained
    if drained is None or drained.done_at is None or now < drained.done_at + repair.settle:
        return ""
    if drained.result is not None and drained.result.verdict is Verdict.LOST:
        return ""
    # Where nobody else is healthy it may never have been taken out.
    back = (t.registration for t in observation.targets if t.health in REGISTERED and t.others_healthy != 0)
    return ", ".join(sorted({r.target_group_name for r in back if r in case.registrations}))
