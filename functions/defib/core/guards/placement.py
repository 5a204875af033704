"""Where a stop and start would not help, or where AWS advises against it."""

from __future__ import annotations

from defib.core.boot import is_mac
from defib.core.case import Action
from defib.core.guards.loss import BEGINS_A_STOP
from defib.core.guards.question import CUTS_POWER, Question, Refusal
from defib.core.model import Cause, CheckStatus


def dedicated_host(asked: Question) -> Refusal | None:
    """An instance with affinity returns to its Dedicated Host at every start (AWSEC2 API, ModifyInstancePlacement).

    Where AWS has announced work, that host may be degraded: nothing can be started there any more, and a stop gives up
    the room that AWS keeps for the instance on the replacement (AWSEC2 UserGuide, How host maintenance works).
    """
    host, checks = asked.observation.traits.dedicated_host, asked.observation.checks
    # Launched on a host that fails already, it is called dead on arrival.
    fails = asked.case.cause is Cause.SYSTEM_IMPAIRED
    fails = fails or (checks is not None and checks.system.status is CheckStatus.IMPAIRED)
    announced = checks is not None and bool(checks.events)
    if not host or asked.action not in BEGINS_A_STOP or not (fails or announced):
        return None
    if fails:
        said, mended = f"its host {host} fails", "ask AWS to replace the host"
    else:
        said, mended = f"AWS has announced work on it, perhaps because its host {host} fails", "leave it to AWS"
    return Refusal(
        "dedicated_host",
        f"{said}, and a stop and start would bring it back there: it has affinity with this Dedicated Host. "
        f"Give it another host (ModifyInstancePlacement), or {mended}",
    )


def mac_host(asked: Question) -> Refusal | None:
    """A stop of a Mac has its host cleaned, for up to 3 hours, or 4.5 on Apple silicon; meanwhile nothing starts there.

    (AWSEC2 UserGuide, Stop or terminate your Amazon EC2 Mac instance.)
    """
    if not is_mac(asked.observation.instance_type) or asked.action not in CUTS_POWER:
        return None
    return Refusal(
        "mac_host",
        "it is a Mac: after a stop AWS cleans its host, which can take up to four and a half hours, and it can't start "
        "before that is over. Stop and start it yourself if it may be away for so long, or launch another on another "
        "host",
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
