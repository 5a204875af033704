"""How long a failure is watched before it counts."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from defib.core.model import Cause
from defib.core.service import Service


def patience(cause: Cause, service: Service) -> timedelta:
    """How long a failure of this cause must last before it counts."""
    match cause:
        case Cause.SYSTEM_IMPAIRED | Cause.INSTANCE_IMPAIRED | Cause.EBS_IMPAIRED | Cause.DEAD_ON_ARRIVAL:
            return service.patience.check
        case Cause.APPLICATION_DOWN:
            return service.patience.application
        case Cause.STOPPED_UNASKED:
            return service.patience.stopped
        case Cause.UNKNOWN:
            return service.patience.unknown
        case Cause.EVENT_SCHEDULED:
            return timedelta(0)
        case Cause.STOPPED_BY_DEFIB | Cause.STUCK_PENDING | Cause.STUCK_STOPPING | Cause.STOPPING:
            return timedelta(0)
        case Cause.HEALTHY | Cause.INITIALIZING | Cause.STOPPED_BY_PERSON | Cause.TERMINATED:
            return timedelta(0)
    assert_never(cause)
