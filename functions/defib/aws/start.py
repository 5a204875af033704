"""Starts a stopped instance, in most cases on another host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import WRONG_STATE, tried_once
from defib.aws.permission import Permission, Scope
from defib.shell.ports import Rejected, Transient

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

PERMISSIONS = (
    Permission(("ec2:StartInstances",), Scope.OPTED_IN_INSTANCES),
    Permission(("ec2:StartInstances",), Scope.STARTED_WITH),
    # Without it a start of an instance whose volumes have a customer's key falls back to stopped (AWS KMS Developer
    # Guide, How Amazon EBS uses AWS KMS).
    Permission(("kms:CreateGrant",), Scope.VOLUME_KEYS),
)


CHANGED_TOO_LATELY = "LaunchPlan instance type does not match"
"""In the message of the InvalidParameterValue with which EC2 may refuse to start what has just been given another type;
a later start succeeds (boto3 issue 2190)."""


def perform(ec2: EC2Client, instance_id: str) -> str:
    """Starting what runs already changes nothing. Raises Transient (no capacity too) or Rejected."""
    try:
        with tried_once(f"starting {instance_id}", WRONG_STATE):
            answer = ec2.start_instances(InstanceIds=[instance_id])
    except Rejected as error:
        if error.code != "InvalidParameterValue" or CHANGED_TOO_LATELY not in str(error):
            raise
        raise Transient(str(error), error.code) from error
    states = [change.get("CurrentState", {}).get("Name", "") for change in answer["StartingInstances"]]
    return f"EC2 answers {', '.join(states)}" if states else ""
