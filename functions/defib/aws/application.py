"""What EC2's application status checks say of one instance, suppressed or not. Only reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.frozen import replace
from defib.core.model import Check, Checks, CheckStatus
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import ApplicationStatusDetailTypeDef, ApplicationStatusTypeDef

PERMISSIONS = (Permission(("ec2:DescribeApplicationStatus",), Scope.ANY),)

IN_ORDER = (
    ("failed", CheckStatus.IMPAIRED),
    ("initializing", CheckStatus.INITIALIZING),
    ("insufficient-data", CheckStatus.INSUFFICIENT_DATA),
    ("passed", CheckStatus.OK),
)
"""How EC2 makes one status of several checks: the worst first (AWSEC2 API, ApplicationStatus)."""


def completed(ec2: EC2Client, instance_id: str, checks: Checks, silenced: bool) -> Checks:
    """``checks`` with what a suppression hides: DescribeInstanceStatus has no word for it. Raises Transient.

    It may say that no check applies (EC2 API, SummaryStatus), as of one that has none: that is not believed where Defib
    has ``silenced`` one. Where it may not be asked, or boto3 is too old to ask, the checks stay as they are.
    """
    none_applies = checks.application.status is CheckStatus.NOT_APPLICABLE and not silenced
    if none_applies or not hasattr(ec2, "describe_application_status"):
        return checks
    try:
        with translated(f"application status of {instance_id}"):
            answer = ec2.describe_application_status(InstanceIds=[instance_id])
    except Rejected:
        return checks
    for instance in answer.get("ApplicationStatuses", {}).get("Instances", ()):
        status = instance.get("ApplicationStatus", {})
        if instance.get("InstanceId") == instance_id and status.get("Status") == "suppressed":
            return replace(checks, application=Check(CheckStatus.SUPPRESSED), beneath=_beneath(status))
    return checks


def _beneath(status: ApplicationStatusTypeDef) -> Check:
    """Checks go on while they are suppressed; those excluded from aggregation never count."""
    counted = [detail for detail in status.get("Details", ()) if detail.get("Aggregation", "included") == "included"]
    for said, meaning in IN_ORDER:
        found = [detail for detail in counted if detail.get("Status") == said]
        if found:
            return Check(meaning, _since(found) if meaning is CheckStatus.IMPAIRED else None)
    return Check(CheckStatus.NOT_APPLICABLE)


def _since(failed: Sequence[ApplicationStatusDetailTypeDef]) -> datetime | None:
    since = [detail["StatusSince"] for detail in failed if "StatusSince" in detail]
    return min(since).astimezone(UTC) if since else None
