"""Why Defib must not do, for now, what the ladder says: one small function a hazard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from defib.core.case import Action, Case
from defib.core.model import Observation
from defib.core.policy import Mode, Service

TAKES_AWAY = frozenset({Action.REBOOT, Action.DRAIN, Action.STOP})
"""Actions that take from the service what the instance may still give it."""

CUTS_POWER = frozenset({Action.DRAIN, Action.STOP, Action.FORCE_STOP})
"""Actions that stop the instance or prepare its stop."""

GROUP_TAG = "aws:autoscaling:groupName"
"""Set by EC2 Auto Scaling on every member (EC2 Auto Scaling User Guide, Tag Auto Scaling groups and instances)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The guard that refuses, why, and what a person can do."""

    guard: str
    reason: str


Guard = Callable[[Action, Case, Observation, Service], Refusal | None]


def refuse(action: Action, case: Case, observation: Observation, service: Service) -> Refusal | None:
    """The first guard that forbids ``action`` now, or None. Evidence is only read, so nothing forbids it."""
    if action is Action.EVIDENCE:
        return None
    refusals = (guard(action, case, observation, service) for guard in GUARDS)
    return next((refusal for refusal in refusals if refusal is not None), None)


def observe_mode(_action: Action, _case: Case, _observation: Observation, service: Service) -> Refusal | None:
    """In observe mode nothing is changed."""
    if service.mode is not Mode.OBSERVE:
        return None
    return Refusal("observe_mode", f'service {service.name} is in observe mode; set mode = "heal" to let Defib act')


def group_member(action: Action, _case: Case, observation: Observation, _service: Service) -> Refusal | None:
    """A stopped member of an Auto Scaling group is terminated by it (EC2 Auto Scaling, Health checks)."""
    group = observation.tags.get(GROUP_TAG)
    if group is None or action not in CUTS_POWER:
        return None
    return Refusal(
        "group_member", f"its Auto Scaling group {group} would terminate it; the group replaces it by itself"
    )


def instance_store_root(action: Action, _case: Case, observation: Observation, _service: Service) -> Refusal | None:
    """An instance with an instance-store root volume can't be stopped (AWSEC2 UserGuide, Stop_Start)."""
    if observation.root_device != "instance-store" or action not in CUTS_POWER:
        return None
    return Refusal("instance_store_root", "its root volume is an instance store, which can't be stopped; replace it")


def spot(action: Action, _case: Case, observation: Observation, _service: Service) -> Refusal | None:
    """Only EC2 may restart an interrupted spot instance, and a one-time request can't be stopped."""
    if observation.lifecycle != "spot" or action not in CUTS_POWER | {Action.START}:
        return None
    return Refusal("spot", "it is a spot instance, which only EC2 may stop and start; replace it")


def minimum_healthy(action: Action, _case: Case, observation: Observation, service: Service) -> Refusal | None:
    """Enough others must be healthy before one is taken away."""
    if action not in TAKES_AWAY or service.minimum_healthy == 0:
        return None
    if observation.peers is None:
        return Refusal("minimum_healthy", f"the other instances of service {service.name} could not be counted")
    healthy = observation.peers.healthy
    if healthy >= service.minimum_healthy:
        return None
    wanted = service.minimum_healthy
    return Refusal(
        "minimum_healthy", f"only {healthy} others of service {service.name} are healthy and {wanted} are required"
    )


def concurrent_repairs(action: Action, _case: Case, observation: Observation, service: Service) -> Refusal | None:
    """So many repairs at a time and no more."""
    if action not in TAKES_AWAY:
        return None
    under_repair = observation.under_repair
    if under_repair < service.concurrent_repairs:
        return None
    limit = service.concurrent_repairs
    return Refusal(
        "concurrent_repairs", f"{under_repair} of at most {limit} repairs of service {service.name} under way"
    )


GUARDS: tuple[Guard, ...] = (
    observe_mode,
    group_member,
    instance_store_root,
    spot,
    minimum_healthy,
    concurrent_repairs,
)
"""In the order in which people should hear of them."""
