"""How much at once: what the service can bear to lose for a while."""

from __future__ import annotations

from defib.core.case import Case
from defib.core.guards.question import TAKES_AWAY, Question, Refusal
from defib.core.left_out import served_till_drained
from defib.core.model import SERVING, Target, TargetHealth
from defib.core.percent import Percent


def last_serving(target: Target) -> bool:
    """Whether the load balancer has nobody else to send requests to."""
    return target.health in SERVING and target.others_healthy == 0


OUT = frozenset({TargetHealth.DRAINING, TargetHealth.UNUSED, TargetHealth.INITIAL})
"""Where a load balancer has been told to send it nothing, or again to, but has not asked it yet."""


def last_that_served(target: Target, case: Case) -> bool:
    """Whether it served until Defib drained it there, and nobody else has been healthy since."""
    there = target.registration in case.registrations and target.health in OUT
    return there and target.others_healthy == 0 and served_till_drained(case)


def last_healthy_target(asked: Question) -> Refusal | None:
    """What still serves, alone in its target group, is left there whatever its status checks say.

    So is what did when it was drained: while its requests were drained the others may have failed.
    """
    alone = (t for t in asked.observation.targets if last_serving(t) or last_that_served(t, asked.case))
    groups = sorted({t.registration.target_group_name for t in alone})
    if asked.action not in TAKES_AWAY or not groups:
        return None
    return Refusal(
        "last_healthy_target",
        f"it is the last healthy target of {', '.join(groups)}; bring another one up, then Defib repairs it",
    )


def target_by_address(asked: Question) -> Refusal | None:
    """A target that is registered by address is neither drained nor counted: it may be the last one that serves."""
    groups = ", ".join(asked.observation.traits.by_address)
    if asked.action not in TAKES_AWAY or not groups:
        return None
    return Refusal(
        "target_by_address",
        f"target group {groups} has it by its address (type ip), and Defib drains only what is registered by its "
        "instance id; restart it yourself, or use a target group of type instance",
    )


def replicated(asked: Question) -> Refusal | None:
    """Of a replicated group one member at a time, and only while all the others are healthy."""
    service, peers = asked.service, asked.observation.peers
    if asked.action not in TAKES_AWAY or not service.replicated:
        return None
    if peers is None:
        return Refusal("replicated", f"the other members of the replicated group {service.name} could not be counted")
    others = peers.running + peers.not_running
    if asked.observation.under_repair:
        return Refusal("replicated", f"another member of the replicated group {service.name} is being repaired")
    if others and peers.healthy == others:
        return None
    standing = f"the replicated group {service.name} has no other member"
    if others:
        standing = f"{peers.healthy} of {others} other members of the replicated group {service.name} are healthy"
    return Refusal("replicated", f"{standing}; see that the data is safe and the others work, then Defib repairs it")


def minimum_healthy(asked: Question) -> Refusal | None:
    """Enough others must be healthy before one is taken away."""
    service, peers = asked.service, asked.observation.peers
    if asked.action not in TAKES_AWAY or service.minimum_healthy == 0:
        return None
    if peers is None:
        return Refusal("minimum_healthy", f"the other instances of service {service.name} could not be counted")
    instances = peers.running + peers.not_running + 1
    required = service.healthy_others(instances)
    if peers.healthy >= required:
        return None
    share = f" ({service.minimum_healthy} of {instances})" if isinstance(service.minimum_healthy, Percent) else ""
    return Refusal(
        "minimum_healthy",
        f"only {peers.healthy} of the others of service {service.name} {_are(peers.healthy)} healthy, "
        f"and {required}{share} {_are(required)} required{_never(required, instances - 1)}",
    )


def _never(required: int, others: int) -> str:
    """What to do where waiting for others to be healthy is in vain; empty where it is not."""
    if required <= others:
        return ""
    there = f"only {others} other{'s' if others > 1 else ''}" if others else "no other"
    return f", but the service has {there}: repair it yourself, or lower minimum_healthy"


def zone_impaired(asked: Question) -> Refusal | None:
    """Nothing is begun in a zone that is impaired as a whole; what Defib has stopped itself is started again."""
    zone = asked.observation.zone
    found = asked.observation.stack.impairment(zone)
    if found is None or (asked.action not in TAKES_AWAY and asked.case.acted):
        return None
    return Refusal("zone_impaired", f"zone {zone} is impaired as a whole; Defib goes on when it has recovered")


def stack_share(asked: Question) -> Refusal | None:
    """Of all running instances only a share is under repair at once."""
    stack, limits = asked.observation.stack, asked.policy.limits
    most, under_repair = limits.at_once(stack.running), stack.under_repair(asked.case.id)
    # What Defib has taken away it may give back; what waited for its turn needs a place like any other.
    gives_back = asked.case.acted and asked.action not in TAKES_AWAY
    if gives_back or stack.goes_on(asked.case) or under_repair < most:
        return None
    of = f" of {stack.running} running instances" if stack.running is not None else ""
    return Refusal(
        "stack_share",
        f"{under_repair}{of} are under repair, and limits.share = {limits.share} % allows {most} at once; "
        "the others wait their turn",
    )


def stack_rate(asked: Question) -> Refusal | None:
    """Only so many repairs are begun in ten minutes, whatever fails."""
    limits, stack = asked.policy.limits, asked.observation.stack
    begun = stack.begun_lately(asked.case.id, asked.now)
    if asked.case.acted or begun < limits.rate:
        return None
    return Refusal(
        "stack_rate",
        f"{begun} repairs were begun in the last 10 minutes, and limits.rate = {limits.rate} allows no more; "
        "the others wait their turn",
    )


def concurrent_repairs(asked: Question) -> Refusal | None:
    """So many repairs at a time and no more."""
    under_repair, service = asked.observation.under_repair, asked.service
    if asked.action not in TAKES_AWAY or under_repair < service.concurrent_repairs:
        return None
    limit = service.concurrent_repairs
    return Refusal(
        "concurrent_repairs", f"{under_repair} of at most {limit} repairs of service {service.name} under way"
    )


def others_under_repair(asked: Question) -> Refusal | None:
    """Another that Defib is at work on is not counted on, though EC2 or its load balancer may call it healthy.

    It may be drained, or rebooted a moment ago, or about to be stopped because of an event that AWS has announced. Of a
    target group others may be at work that belong to another service.
    """
    if asked.action not in TAKES_AWAY:
        return None
    return _of_target_groups(asked) or _of_service(asked)


def _of_target_groups(asked: Question) -> Refusal | None:
    """While it still serves, somebody whom Defib is not at work on must be left beside it."""
    busy = asked.observation.stack.others_under_repair(asked.case.id)
    serves = [t for t in asked.observation.targets if t.health in SERVING and t.others]
    groups = sorted({t.registration.target_group_name for t in serves if t.others <= busy})
    if not groups:
        return None
    return Refusal("others_under_repair", f"all other healthy targets of {', '.join(groups)} are under repair")


def _of_service(asked: Question) -> Refusal | None:
    service, peers = asked.service, asked.observation.peers
    if service.minimum_healthy == 0 or peers is None or not peers.under_repair:
        return None
    left = peers.healthy - peers.under_repair
    required = service.healthy_others(peers.running + peers.not_running + 1)
    if left >= required:
        return None
    return Refusal(
        "others_under_repair",
        f"{peers.under_repair} of the {peers.healthy} healthy others of service {service.name} "
        f"{_are(peers.under_repair)} under repair, and {required} {_are(required)} required",
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
