"""Stops an instance, so that its next start puts it on another host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

PERMISSIONS = (Permission(("ec2:StopInstances",), Scope.OPTED_IN_INSTANCES),)


def perform(ec2: EC2Client, instance_id: str, *, force: bool) -> str:
    """Ask the system to shut down; with ``force``, don't wait for one that can't (AWSEC2 API, StopInstances, Force).

    Raises Transient or Rejected.
    """
    with translated(f"{'force-stopping' if force else 'stopping'} {instance_id}"):
        answer = ec2.stop_instances(InstanceIds=[instance_id], Force=force)
    states = [change.get("CurrentState", {}).get("Name", "") for change in answer["StoppingInstances"]]
    return f"EC2 answers {', '.join(states)}" if states else ""
