"""Instances of which AWS has announced an event, and windows to move them in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from defib.core.case import Action, Attempt, Case
from defib.core.maintenance import DAYS, Maintenance
from defib.core.model import Cause, Event
from defib.core.policy import Policy
from tests.core.facts import NOON, after, attempt, case, policy

RETIREMENT = Event("instance-retirement", after(days=2))
LATER = Maintenance("20:00", timedelta(hours=2), days=DAYS)
TOO_LATE = Maintenance("20:00", timedelta(hours=2), date="2026-05-09")
WAITING = case(
    cause=Cause.EVENT_SCHEDULED, confirmed_cause=Cause.EVENT_SCHEDULED, event=RETIREMENT, since=NOON, failing_since=NOON
)
EVIDENCE = attempt(Action.EVIDENCE)
MOVED = (attempt(Action.STOP, after(minutes=-9)), attempt(Action.START, after(minutes=-8)))


def wants(*windows: Maintenance, planned_restart: bool = True) -> Policy:
    return policy(planned_restart=planned_restart, maintenance=windows)


def waiting(*attempts: Attempt, **changes: object) -> Case:
    """The waiting case after these attempts."""
    return replace(WAITING, attempts=case(*attempts).attempts, **changes)  # type: ignore[arg-type]  # keyword arguments of one known dataclass
