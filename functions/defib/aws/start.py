"""Starts a stopped instance, in most cases on another host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import WRONG_STATE, translated
from defib.aws.permission import Permission, Scope

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

PERMISSIONS = (
    Permission(("ec2:StartInstances",), Scope.OPTED_IN_INSTANCES),
    Permission(("ec2:StartInstances",), Scope.STARTED_WITH),
    # Without it a start of an instance whose volumes have a customer's key falls back to stopped (AWS KMS Developer
    # Guide, How Amazon EBS uses AWS KMS).
    Permission(("kms:CreateGrant",), Scope.VOLUME_KEYS),
)


def perform(ec2: EC2Client, instance_id: str) -> str:
    """Starting what runs already changes nothing. Raises Transient (no capacity too) or Rejected."""
    with translated(f"starting {instance_id}", WRONG_STATE):
        answer = ec2.start_instances(InstanceIds=[instance_id])
    states = [change.get("CurrentState", {}).get("Name", "") for change in answer["StartingInstances"]]
    return f"EC2 answers {', '.join(states)}" if states else ""
