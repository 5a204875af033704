"""Where a stop and start would not help, or where AWS advises against it."""

from __future__ import annotations

from defib.core.case import Action
from defib.core.guards.loss import BEGINS_A_STOP
from defib.core.guards.question import Question, Refusal
from defib.core.model import Cause


def dedicated_host(asked: Question) -> Refusal | None:
    """An instance with affinity returns to its Dedicated Host at every start (AWSEC2 API, ModifyInstancePlacement)."""
    host = asked.observation.traits.dedicated_host
    if not host or asked.action not in BEGINS_A_STOP or asked.case.cause is not Cause.SYSTEM_IMPAIRED:
        return None
    return Refusal(
        "dedicated_host",
        f"its host {host} fails, and a stop and start would bring it back there: it has affinity with this Dedicated "
        "Host. Give it another host (ModifyInstancePlacement), or ask AWS to replace the host",
    )


def windows_force(asked: Question) -> Refusal | None:
    """AWS recommends no forced stop for Windows (AWSEC2 API, StopInstances, Force)."""
    service = asked.service
    if not asked.observation.traits.windows or asked.action not in (Action.FORCE_STOP, Action.SKIP_OS_SHUTDOWN):
        return None
    if service.allow_windows_force_stop:
        return None
    return Refusal(
        "windows_force",
        "it runs Windows, for which AWS advises against a forced stop. Force it yourself if its data bears that, "
        f"or set allow_windows_force_stop = true for service {service.name}",
    )
