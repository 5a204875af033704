"""EC2 status checks: of one instance, or of every instance that fails one, whatever the fleet's size.

DescribeInstanceStatus knows no tag filter, and its filters AND together: so one question a check (AWSEC2 API).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from defib.aws.errors import translated
from defib.aws.pages import bounded
from defib.aws.permission import Permission, Scope
from defib.core.frozen import dataclass
from defib.core.model import NOT_APPLICABLE, Check, Checks, CheckStatus, Event
from defib.core.planned import EVENTS
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceStatusTypeDef

PERMISSIONS = (Permission(("ec2:DescribeInstanceStatus",), Scope.ANY),)

PAGE = 1000
BY_ID_MOST = 100
"""Instances that one call may name (EC2 API, DescribeInstanceStatus, InstanceIds)."""
NOT_FOUND = "InvalidInstanceID.NotFound"
UNKNOWN_FILTER = "InvalidParameterValue"
OVER = ("[completed]", "[canceled]")
UNSURE = Check(CheckStatus.INSUFFICIENT_DATA)


@dataclass(frozen=True, slots=True)
class Question:
    """For which running instances does what ``filter_name`` filters by have one of ``values``?"""

    name: str
    filter_name: str
    values: tuple[str, ...]
    is_universal: bool = True
    """Whether every Region has this check; where it is unknown, no instance fails it."""


_NOT_SERVING = (CheckStatus.IMPAIRED, CheckStatus.INITIALIZING)
_NOT_OK = (CheckStatus.IMPAIRED, CheckStatus.INITIALIZING, CheckStatus.INSUFFICIENT_DATA)

SUSPECT = (
    Question("system check impaired", "system-status.status", (CheckStatus.IMPAIRED,)),
    Question("instance check not passed", "instance-status.status", _NOT_OK),
    Question("attached EBS check impaired", "attached-ebs-status.status", (CheckStatus.IMPAIRED,)),
    Question("application check impaired", "application-status.status", (CheckStatus.IMPAIRED,), is_universal=False),
)
"""What a sweep asks of the checks. While the system check is initializing or unsure, so is the instance check."""

ANNOUNCED = Question("event announced", "event.code", tuple(sorted(EVENTS)))
"""What else a sweep asks. The answer also names instances whose events are over (EC2 API, InstanceStatusEvent)."""

UNFIT = (
    Question("system check not passed", "system-status.status", _NOT_OK),
    Question("instance check not passed", "instance-status.status", _NOT_OK),
    Question("attached EBS check impaired", "attached-ebs-status.status", (CheckStatus.IMPAIRED,)),
    Question(
        "application check not passed",
        "application-status.status",
        _NOT_SERVING,
        is_universal=False,
    ),
)
"""Which peers can't be counted on now."""


def failing(ec2: EC2Client, question: Question) -> Iterator[tuple[str, Checks]]:
    """Every running instance to which ``question`` applies, with all its checks. Raises Transient or Rejected."""
    try:
        with translated(question.name):
            pages = ec2.get_paginator("describe_instance_status").paginate(
                Filters=[{"Name": question.filter_name, "Values": list(question.values)}],
                PaginationConfig={"PageSize": PAGE},
            )
            for page in bounded(pages, question.name):
                for entry in page["InstanceStatuses"]:
                    yield entry.get("InstanceId", ""), checks_in(entry)
    except Rejected as error:
        if question.is_universal or error.code != UNKNOWN_FILTER:
            raise


def checks_of(ec2: EC2Client, instance_id: str) -> Checks:
    """The checks of one running instance; ``insufficient-data`` while EC2 has nothing to say of it yet."""
    try:
        with translated(f"status checks of {instance_id}"):
            # By id: the API offers no such filter. A single id can hide no other instance's answer.
            found = ec2.describe_instance_status(InstanceIds=[instance_id])["InstanceStatuses"]
    except Rejected as error:
        if error.code != NOT_FOUND:
            raise
        found = []
    return checks_in(found[0]) if found else Checks(UNSURE, UNSURE)


def checks_by_id(ec2: EC2Client, ids: Sequence[str]) -> Mapping[str, Checks] | None:
    """The checks of those of ``ids`` that run and of which EC2 has something to say; at most BY_ID_MOST.

    None where EC2 no longer knows one of them, which hides all others' answers. Raises Transient or Rejected.
    """
    try:
        with translated(f"status checks of {len(ids)} instances"):
            found = ec2.describe_instance_status(InstanceIds=ids)["InstanceStatuses"]
    except Rejected as error:
        if error.code != NOT_FOUND:
            raise
        return None
    return {entry.get("InstanceId", ""): checks_in(entry) for entry in found}


def is_fit(checks: Checks) -> bool:
    """Whether an instance with these can be counted on: none of the UNFIT questions would name it."""
    unfit = checks.system.status in _NOT_OK or checks.instance.status in _NOT_OK
    unfit = unfit or checks.attached_ebs.status is CheckStatus.IMPAIRED
    return not unfit and checks.application.status not in _NOT_SERVING


def checks_in(entry: InstanceStatusTypeDef) -> Checks:
    """The checks in one entry of the answer. Those that an older service or client leaves out don't apply."""
    return Checks(
        system=_check(entry.get("SystemStatus")) or UNSURE,
        instance=_check(entry.get("InstanceStatus")) or UNSURE,
        attached_ebs=_check(entry.get("AttachedEbsStatus")) or NOT_APPLICABLE,
        application=_check(entry.get("ApplicationStatus")) or NOT_APPLICABLE,
        events=tuple(_events(entry)),
    )


def _events(entry: InstanceStatusTypeDef) -> Iterator[Event]:
    """Events to come or going on: what is over stays in the answer for up to a week (EC2 API, InstanceStatusEvent)."""
    for event in entry.get("Events", ()):
        begins, ends = event.get("NotBefore"), event.get("NotAfter")
        over = event.get("Description", "").lower().startswith(OVER)
        if begins is not None and not over:
            yield Event(event.get("Code", ""), begins.astimezone(UTC), ends.astimezone(UTC) if ends else None)


def _check(summary: Mapping[str, Any] | None) -> Check | None:
    """``ImpairedSince`` stands in the details of most checks, beside the status of the application check."""
    status = (summary or {}).get("Status")
    if summary is None or status not in set(CheckStatus):
        return None
    parts = (summary, *summary.get("Details", ()))
    since: list[datetime] = [part["ImpairedSince"] for part in parts if part.get("ImpairedSince")]
    return Check(CheckStatus(status), min(since).astimezone(UTC) if since else None)
