"""Where load balancers send an instance traffic, and what they say of it there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.pages import bounded
from defib.aws.permission import Permission, Scope, union
from defib.core.frozen import dataclass, replace
from defib.core.model import FAILING, SERVING, Registration, Target, TargetHealth
from defib.core.target_group import GROUP_GONE, is_balancers_fault
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetDescriptionTypeDef, TargetHealthDescriptionTypeDef

    from defib.core.policy import Policy, Service
    from defib.shell.ports import Clock

HEALTH = (Permission(("elasticloadbalancing:DescribeTargetHealth",), Scope.ANY),)
"""For whoever asks configured groups only."""
PERMISSIONS = union(
    HEALTH,
    (Permission(("elasticloadbalancing:DescribeTags", "elasticloadbalancing:DescribeTargetGroups"), Scope.ANY),),
)

MEMBERSHIP_AGE = timedelta(seconds=60)
"""Membership is read anew after this: it changes with deployments, not with failures, and costs a call a group."""

GROUPS_MAX = 300
"""More groups than this would cost a look at one instance as many calls."""

ARNS_MAX = 20
"""ARNs in one DescribeTags (ELBv2 API)."""

NOT_REGISTERED = "Target.NotRegistered"
GONE = frozenset({"InvalidTarget", GROUP_GONE})
"""The instance, or the whole group, is no longer there (ELBv2 API, DescribeTargetHealth, Errors)."""
ABSENT = frozenset({NOT_REGISTERED, GROUP_GONE})
"""Reasons of what is no target, and is shown only because Defib remembers the place."""

KEPT_OUT = frozenset({"zonal_shift_active", "zonal_shift_delegated_to_dns"})
"""What is said of a target whose zone gets no traffic, whatever its health (ELBv2 API, AdministrativeOverride)."""


_Health = tuple[Registration, TargetHealth, str, frozenset[str] | None]
"""A place, the health of the target there, why, and which others of the group are healthy, where that was asked."""


@dataclass(frozen=True, slots=True)
class _Membership:
    """Who was registered where, when last read."""

    read_at: datetime
    places: Mapping[str, tuple[Registration, ...]]
    """By instance id."""


class TargetGroups:
    """The target groups of the account. Keeps membership for a minute, health never."""

    def __init__(self, elb: ElasticLoadBalancingv2Client, clock: Clock, policy: Policy) -> None:
        self._elb = elb
        self._clock = clock
        self._opt_in = policy.opt_in
        self._configured = {group.arn for service in policy.services for group in service.target_groups}
        self._memberships: dict[str, _Membership] = {}
        self._opted_in: dict[str, tuple[datetime, bool]] = {}

    def targets_of(
        self,
        instance_id: str,
        service: Service | None,
        registrations: Sequence[Registration],
        *,
        with_others: bool = False,
    ) -> tuple[Target, ...]:
        """Every registration of the instance with its health now, and what became of ``registrations``.

        The service's own groups if it names any, otherwise all that have the instance as a member; without a service
        ``registrations`` alone. ``with_others`` asks in the same calls how many other targets of each group are healthy
        now. Raises Transient or Rejected.
        """
        members = self._membership(service).get(instance_id, ()) if service is not None else ()
        places = dict.fromkeys((*members, *registrations))
        # One that is not registered now, or is asked for by its port, may be answered without its QUIC server id.
        known = {place: place for place in (*registrations, *members)}
        ports = defaultdict(list)
        for place in places:
            ports[place.target_group_arn].append(place.port)
        manageable = self._manageable(tuple(ports))
        return tuple(
            _with(Target(known.get(place, place), health, reason, manageable[place.target_group_arn]), others)
            for arn, wanted in ports.items()
            for place, health, reason, others in (
                self._among_others(arn, instance_id, wanted) if with_others else self._health(arn, instance_id, wanted)
            )
            if reason not in ABSENT or place in registrations
        )

    def by_address(self, addresses: Sequence[str], service: Service) -> tuple[str, ...]:
        """The names of the groups, of those that the service names, that have one of ``addresses`` for a target.

        Such a group has targets of the type ``ip`` (ELBv2 API, CreateTargetGroup). Raises Transient or Rejected.
        """
        members = self._membership(service)
        return tuple(sorted({place.target_group_name for ip in addresses for place in members.get(ip, ())}))

    def with_others(self, instance_id: str, targets: Sequence[Target]) -> tuple[Target, ...]:
        """``targets`` of the instance with how many other targets of each group are healthy now.

        Raises Transient or Rejected: others counted healthy by mistake would let Defib take the last good one.
        """
        healthy: dict[str, frozenset[str]] = {}
        for arn in {target.registration.target_group_arn for target in targets if target.reason not in ABSENT}:
            healthy[arn] = _serving(self._described(arn)) - {instance_id}
        return tuple(_with(target, healthy.get(target.registration.target_group_arn)) for target in targets)

    def unhealthy(self, arn: str) -> dict[str, tuple[Target, ...]]:
        """The failing targets of a configured group by instance id. Raises Transient or Rejected."""
        found: dict[str, tuple[Target, ...]] = {}
        for entry in self._described(arn):
            instance_id, place, health, reason = _read(arn, entry)
            if health in FAILING and not is_balancers_fault(reason) and instance_id.startswith("i-"):
                target = Target(place, health, reason, manageable=arn in self._configured)
                found[instance_id] = (*found.get(instance_id, ()), target)
        return found

    def registered(self, arn: str) -> dict[str, bool]:
        """By instance id, who is registered in a group, and whether it is healthy there and gets traffic at any port.

        Raises Transient or Rejected.
        """
        found: dict[str, bool] = {}
        for entry in self._described(arn):
            instance_id, _, health, _ = _read(arn, entry)
            serves = health is TargetHealth.HEALTHY and not _is_kept_out(entry)
            found[instance_id] = found.get(instance_id, False) or serves
        return found

    def _membership(self, service: Service) -> Mapping[str, tuple[Registration, ...]]:
        scope = service.name if service.target_groups else ""
        known = self._memberships.get(scope)
        now = self._clock.now()
        if known is None or now - known.read_at >= MEMBERSHIP_AGE:
            arns = [group.arn for group in service.target_groups] or self._all()
            places: dict[str, tuple[Registration, ...]] = {}
            for arn in arns:
                for instance_id, place in self._members(arn):
                    places[instance_id] = (*places.get(instance_id, ()), place)
            known = self._memberships[scope] = _Membership(now, places)
        return known.places

    def _all(self) -> list[str]:
        doing = "listing target groups"
        found: list[str] = []
        with translated(doing):
            for page in bounded(self._elb.get_paginator("describe_target_groups").paginate(), doing):
                # The other types have addresses, functions or load balancers for members.
                found += [g["TargetGroupArn"] for g in page["TargetGroups"] if g.get("TargetType") == "instance"]
        if len(found) > GROUPS_MAX:
            raise Rejected(
                f"{doing}: there are {len(found)}; at most {GROUPS_MAX} are searched for members. "
                "Name the service's own in defib.toml, under target_groups",
                code="TooManyTargetGroups",
            )
        return found

    def _members(self, arn: str) -> Iterator[tuple[str, Registration]]:
        """All members: asking for one by id would find it at the group's own port only (ELBv2 API, Port)."""
        try:
            for entry in self._described(arn):
                instance_id, place, _, _ = _read(arn, entry)
                yield instance_id, place
        except Rejected as error:
            if error.code not in GONE:
                raise

    def _health(self, arn: str, instance_id: str, ports: Sequence[int]) -> Iterator[_Health]:
        try:
            for entry in self._described(arn, [(instance_id, port) for port in ports]):
                _, place, health, reason = _read(arn, entry)
                yield place, health, reason, None
        except Rejected as error:
            if error.code not in GONE:
                raise
            yield from (_absent(arn, port, why=error.code) for port in ports)

    def _among_others(self, arn: str, instance_id: str, ports: Sequence[int]) -> Iterator[_Health]:
        """The same out of one answer about the whole group, which leaves out what is not registered."""
        try:
            described = self._described(arn)
        except Rejected as error:
            if error.code not in GONE:
                raise
            yield from (_absent(arn, port, why=error.code) for port in ports)
            return
        entries = (_read(arn, entry) for entry in described)
        found = {place.port: (health, reason) for id_, place, health, reason in entries if id_ == instance_id}
        others = _serving(described) - {instance_id}
        for port in ports:
            if port in found:
                yield Registration(arn, port), *found[port], others
            else:
                yield _absent(arn, port, others)

    def _described(self, arn: str, wanted: Sequence[tuple[str, int]] = ()) -> Sequence[TargetHealthDescriptionTypeDef]:
        with translated(f"target health in {arn}"):
            if wanted:
                targets: list[TargetDescriptionTypeDef] = [
                    {"Id": instance_id, "Port": port} for instance_id, port in wanted
                ]
                answer = self._elb.describe_target_health(TargetGroupArn=arn, Targets=targets)
            else:
                answer = self._elb.describe_target_health(TargetGroupArn=arn)
            return answer["TargetHealthDescriptions"]

    def _manageable(self, arns: Sequence[str]) -> Mapping[str, bool]:
        """Whether each is configured or carries the opt-in tag: exactly where remediate's role may write."""
        now = self._clock.now()
        known = {arn: tagged for arn, (read_at, tagged) in self._opted_in.items() if now - read_at < MEMBERSHIP_AGE}
        unknown = [arn for arn in arns if arn not in self._configured and arn not in known]
        for start in range(0, len(unknown), ARNS_MAX):
            for arn, tags in self._tags(unknown[start : start + ARNS_MAX]):
                known[arn] = tags.get(self._opt_in.key) == self._opt_in.value
                self._opted_in[arn] = (now, known[arn])
        return {arn: arn in self._configured or known.get(arn, False) for arn in arns}

    def _tags(self, arns: Sequence[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The tags of those there are: one that is gone fails the call for all (ELBv2 API, DescribeTags, Errors)."""
        try:
            with translated("tags of target groups"):
                answer = self._elb.describe_tags(ResourceArns=list(arns))
        except Rejected as error:
            if error.code not in GONE:
                raise
            if len(arns) > 1:
                for arn in arns:
                    yield from self._tags([arn])
            return
        for description in answer["TagDescriptions"]:
            yield description["ResourceArn"], {tag["Key"]: tag.get("Value", "") for tag in description.get("Tags", ())}


def _absent(arn: str, port: int, others: frozenset[str] | None = None, why: str = "") -> _Health:
    reason = GROUP_GONE if why == GROUP_GONE else NOT_REGISTERED
    return Registration(arn, port), TargetHealth.UNUSED, reason, others


def _with(target: Target, others: frozenset[str] | None) -> Target:
    return target if others is None else replace(target, others_healthy=len(others), others=others)


def _serving(described: Sequence[TargetHealthDescriptionTypeDef]) -> frozenset[str]:
    """The ids of those that take traffic, as far as the load balancer knows."""
    told = ((entry, _read("", entry)) for entry in described)
    read = ((entry, id_, health) for entry, (id_, _, health, reason) in told if not is_balancers_fault(reason))
    return frozenset(id_ for entry, id_, health in read if health in SERVING and not _is_kept_out(entry))


def _is_kept_out(entry: TargetHealthDescriptionTypeDef) -> bool:
    return entry.get("AdministrativeOverride", {}).get("State", "") in KEPT_OUT


def _read(arn: str, entry: TargetHealthDescriptionTypeDef) -> tuple[str, Registration, TargetHealth, str]:
    target, health = entry.get("Target", {}), entry.get("TargetHealth", {})
    state = health.get("State", "")
    return (
        target.get("Id", ""),
        Registration(arn, target.get("Port", 0), target.get("QuicServerId", "")),
        TargetHealth(state) if state in set(TargetHealth) else TargetHealth.UNAVAILABLE,
        health.get("Reason", ""),
    )
