"""EC2 instances, by id or by tags, as observations without checks, targets or peers.

Always by filter, never by InstanceIds: one id that EC2 no longer knows would fail the whole call and hide the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.pages import bounded
from defib.aws.permission import Permission, Scope
from defib.aws.traits import described
from defib.core.model import InstanceState, Observation

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef

PERMISSIONS = (Permission(("ec2:DescribeInstances",), Scope.ANY),)

PAGE = 1000
VALUES_MAX = 200
"""Values of one filter (AWSEC2 API, Filter)."""


def with_ids(
    ec2: EC2Client, ids: Sequence[str], now: datetime, tags: Mapping[str, Sequence[str]] | None = None
) -> Iterator[Observation]:
    """Those of ``ids`` that EC2 knows and that carry ``tags``. Raises Transient or Rejected."""
    for start in range(0, len(ids), VALUES_MAX):
        some = list(ids[start : start + VALUES_MAX])
        yield from _described(ec2, [{"Name": "instance-id", "Values": some}, *_tagged(tags or {})], now)


def with_tags(
    ec2: EC2Client, tags: Mapping[str, Sequence[str]], states: Sequence[InstanceState], now: datetime
) -> Iterator[Observation]:
    """Instances in one of ``states`` whose every tag in ``tags`` has one of its values."""
    in_state: FilterTypeDef = {"Name": "instance-state-name", "Values": list(states)}
    yield from _described(ec2, [in_state, *_tagged(tags)], now)


def _described(ec2: EC2Client, filters: Sequence[FilterTypeDef], now: datetime) -> Iterator[Observation]:
    doing = "describing instances"
    with translated(doing):
        pages = ec2.get_paginator("describe_instances").paginate(Filters=filters, PaginationConfig={"PageSize": PAGE})
        for page in bounded(pages, doing):
            for reservation in page["Reservations"]:
                for instance in reservation.get("Instances", ()):
                    yield observed(instance, now)


def observed(instance: InstanceTypeDef, now: datetime) -> Observation:
    """What DescribeInstances says of one instance."""
    reason = instance.get("StateReason", {})
    return Observation(
        instance_id=instance["InstanceId"],
        observed_at=now,
        state=InstanceState(instance["State"]["Name"]),
        launched_at=instance["LaunchTime"].astimezone(UTC),
        tags={tag.get("Key", ""): tag.get("Value", "") for tag in instance.get("Tags", ())},
        zone=instance.get("Placement", {}).get("AvailabilityZone", ""),
        instance_type=instance.get("InstanceType", ""),
        lifecycle=instance.get("InstanceLifecycle", ""),
        root_device=instance.get("RootDeviceType", "ebs"),
        state_reason_code=reason.get("Code", ""),
        state_reason=reason.get("Message", ""),
        transition_reason=instance.get("StateTransitionReason", ""),
        traits=described(instance),
    )


def _tagged(tags: Mapping[str, Sequence[str]]) -> list[FilterTypeDef]:
    return [{"Name": f"tag:{key}", "Values": [_literal(value) for value in values]} for key, values in tags.items()]


def _literal(value: str) -> str:
    """``*`` and ``?`` in a filter's value are wildcards unless escaped (EC2 User Guide, "Filter by wildcard")."""
    return "".join(f"\\{c}" if c in "*?\\" else c for c in value)
