"""Gives a stopped instance another type, where AWS has no room for its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import WRONG_STATE, read_before, tried_once
from defib.aws.permission import Permission, Scope
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

    from defib.core.model import Observation

PERMISSIONS = (
    Permission(("ec2:DescribeInstanceTypes",), Scope.ANY),
    Permission(("ec2:ModifyInstanceAttribute",), Scope.RESIZABLE_INSTANCES),
)


def perform(ec2: EC2Client, observation: Observation, to: str) -> str:
    """Change the type to ``to``, if it has the instance's architecture (AWSEC2 UserGuide, Instance type changes).

    Raises Transient or Rejected.
    """
    with read_before(f"describing instance type {to}"):
        answer = ec2.describe_instance_types(InstanceTypes=[to])  # type: ignore[list-item]  # the stubs list the types of their day
    offered = {
        a for kind in answer["InstanceTypes"] for a in kind.get("ProcessorInfo", {}).get("SupportedArchitectures", ())
    }
    architecture = observation.traits.architecture
    if architecture not in offered:
        raise Rejected(
            f"{to} is no type for {observation.instance_id}: it has {', '.join(sorted(offered)) or 'no architecture'}, "
            f"the instance needs {architecture}",
            code="ArchitectureMismatch",
        )
    with tried_once(f"changing the type of {observation.instance_id} to {to}", WRONG_STATE):
        ec2.modify_instance_attribute(InstanceId=observation.instance_id, InstanceType={"Value": to})
    return f"{to} instead of {observation.instance_type}"
