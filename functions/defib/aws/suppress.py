"""Suppresses EC2's application status check of an instance for a while, and lifts that again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import tried_once
from defib.aws.permission import Permission, Scope
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import UnsuccessfulSuppressionResponseObjectTypeDef

PERMISSIONS = (
    Permission(
        ("ec2:DisableApplicationStatusCheckSuppression", "ec2:EnableApplicationStatusCheckSuppression"),
        Scope.OPTED_IN_INSTANCES,
    ),
)

OLD_SDK = "OldSdk"


def perform(ec2: EC2Client, instance_id: str, lasts: timedelta | None) -> str:
    """Suppress its check for so long, or, with None, lift that. Raises Transient or Rejected."""
    return end(ec2, instance_id) if lasts is None else begin(ec2, instance_id, lasts)


def begin(ec2: EC2Client, instance_id: str, lasts: timedelta) -> str:
    """From now on its application status check counts for nothing, but goes on; ``lasts`` bounds it.

    Raises Transient or Rejected. Doing it twice begins the time anew.
    """
    if not hasattr(ec2, "enable_application_status_check_suppression"):
        raise _old_sdk("suppressed")
    with tried_once(f"suppressing the application status check of {instance_id}"):
        answer = ec2.enable_application_status_check_suppression(
            InstanceIds=[instance_id], DurationSeconds=int(lasts.total_seconds())
        )
    _demand(answer.get("UnsuccessfulResults", ()), "suppressed")
    return f"its application status check counts for nothing for {lasts}"


def end(ec2: EC2Client, instance_id: str) -> str:
    """Its application status check counts again. Raises Transient or Rejected."""
    if not hasattr(ec2, "disable_application_status_check_suppression"):
        raise _old_sdk("resumed")
    with tried_once(f"resuming the application status check of {instance_id}"):
        answer = ec2.disable_application_status_check_suppression(InstanceIds=[instance_id])
    _demand(answer.get("UnsuccessfulResults", ()), "resumed")
    return "its application status check counts again"


def _demand(failed: Sequence[UnsuccessfulSuppressionResponseObjectTypeDef], what: str) -> None:
    """EC2 answers for each instance by itself, and may succeed as a call and still do nothing."""
    if failed:
        reason = failed[0].get("Reason", "EC2 gives no reason")
        raise Rejected(f"its application status check was not {what}: {reason}", code="Unsuccessful")


def _old_sdk(what: str) -> Rejected:
    return Rejected(
        f"its application status check can't be {what}: this boto3 is older than that API (August 2026); "
        "put a newer boto3 into functions/requirements.txt",
        code=OLD_SDK,
    )
