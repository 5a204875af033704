"""What a guard is asked, and what it answers when it forbids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from defib.core.case import Action, Case
from defib.core.frozen import dataclass
from defib.core.model import Observation
from defib.core.planned import permitted
from defib.core.policy import Policy, Service

TAKES_AWAY = frozenset({Action.REBOOT, Action.DRAIN, Action.STOP, Action.ENTER_STANDBY, Action.REPLACE})
"""Actions that take from the service what the instance may still give it."""

CUTS_POWER = frozenset({Action.ENTER_STANDBY, Action.DRAIN, Action.STOP, Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN})
"""Actions that stop the instance or prepare its stop: all by StopInstances, which DisableApiStop forbids in every form
(AWSEC2 UserGuide, Enable stop protection)."""

GIVES_BACK = frozenset({Action.RESTORE, Action.EXIT_STANDBY, Action.RESUME_CHECK})
"""Actions that put back what Defib took; a start after Defib's own stop does too."""


@dataclass(frozen=True, slots=True)
class Question:
    """May ``action`` be done to this instance now?"""

    action: Action
    case: Case
    observation: Observation
    service: Service
    policy: Policy
    now: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """The guard that forbids, and why, in words that also say what a person can do."""

    guard: str
    reason: str


def is_permitted(asked: Question) -> bool:
    """Whether the operators let Defib restart what works, now, because of an event that AWS has announced."""
    return permitted(asked.case, asked.observation, asked.policy, asked.service, asked.now)


Guard = Callable[[Question], Refusal | None]
