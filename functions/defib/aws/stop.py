"""Stops an instance, so that its next start puts it on another host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import WRONG_STATE, tried_once
from defib.aws.permission import Permission, Scope

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import StopInstancesResultTypeDef

PERMISSIONS = (Permission(("ec2:StopInstances",), Scope.OPTED_IN_INSTANCES),)


def perform(ec2: EC2Client, instance_id: str, *, force: bool) -> str:
    """Ask the system to shut down; with ``force``, don't wait for one that can't (AWSEC2 API, StopInstances, Force).

    Raises Transient or Rejected.
    """
    with tried_once(f"{'force-stopping' if force else 'stopping'} {instance_id}", WRONG_STATE):
        answer = ec2.stop_instances(InstanceIds=[instance_id], Force=force)
    return _states(answer)


def without_shutdown(ec2: EC2Client, instance_id: str) -> str:
    """Cut the power: what its system has not written yet is lost (AWSEC2 API, StopInstances, SkipOsShutdown).

    Raises Transient or Rejected.
    """
    with tried_once(f"stopping {instance_id} without a shutdown of its system", WRONG_STATE):
        answer = ec2.stop_instances(InstanceIds=[instance_id], Force=True, SkipOsShutdown=True)
    return _states(answer)


def _states(answer: StopInstancesResultTypeDef) -> str:
    states = [change.get("CurrentState", {}).get("Name", "") for change in answer["StoppingInstances"]]
    return f"EC2 answers {', '.join(states)}" if states else ""
