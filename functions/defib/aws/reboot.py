"""Reboots an instance on the host it is on: cures a hung system, not a broken host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import WRONG_STATE, tried_once
from defib.aws.permission import Permission, Scope

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

PERMISSIONS = (Permission(("ec2:RebootInstances",), Scope.OPTED_IN_INSTANCES),)


def perform(ec2: EC2Client, instance_id: str) -> str:
    """EC2 queues the reboot, and forces it after some minutes if the system doesn't obey (AWSEC2 API, RebootInstances).

    ``ec2`` tries once: a second try would reboot what the first, if only its answer was lost, is rebooting already, and
    nothing that EC2 shows tells. Raises Unanswered only where it may have been sent, Transient or Rejected.
    """
    with tried_once(f"rebooting {instance_id}", WRONG_STATE):
        ec2.reboot_instances(InstanceIds=[instance_id])
    return ""
