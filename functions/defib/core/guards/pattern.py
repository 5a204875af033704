"""Is it one of many: what a restart would only cover up."""

from __future__ import annotations

from defib.core.duration import format_duration
from defib.core.guards.question import TAKES_AWAY, Question, Refusal
from defib.core.model import Cause
from defib.core.one_by_one import ASK, fell, restarted_at


def one_by_one(asked: Question) -> Refusal | None:
    """When several servers have fallen while EC2's checks pass, no more of them are restarted for a while."""
    case, service = asked.case, asked.service
    if asked.action not in TAKES_AWAY or case.cause is not Cause.APPLICATION_DOWN or restarted_at(case) is not None:
        return None
    window = service.application_window
    restarted = tuple(
        f
        for f in asked.observation.falls
        if f.case_id != case.id and f.restarted_at is not None and asked.now - f.restarted_at < window
    )
    if len(restarted) < service.application_restarts or {f.instance_id for f in restarted} == {case.instance_id}:
        return None
    return Refusal(
        "one_by_one",
        f"servers of {service.name} fall one by one while EC2's checks pass, and a restart treats only the symptom: "
        f"{fell(restarted)} were restarted, and application_restarts = {service.application_restarts} allows no more "
        f"in {format_duration(window)}. {ASK}",
    )
