"""Acts on an Auto Scaling group: a member replaced, put in Standby, or returned to service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defib.aws.errors import tried_once
from defib.aws.permission import Permission, Scope
from defib.shell.ports import Rejected, Transient

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient

PERMISSIONS = (
    Permission(
        ("autoscaling:EnterStandby", "autoscaling:ExitStandby", "autoscaling:SetInstanceHealth"),
        Scope.OPTED_IN_GROUPS,
    ),
)
"""All three take ``aws:ResourceTag`` of the group (Service Authorization Reference, Amazon EC2 Auto Scaling)."""

NOT_IN_SERVICE = "not in InService"
"""In the message of the ValidationError with which EC2 Auto Scaling refuses to put in Standby what serves no more
(keikoproj/upgrade-manager, issue 324)."""
NOT_IN_STANDBY = "not in Standby"
"""In the message of the ValidationError with which EC2 Auto Scaling refuses to return what serves already."""


def replace(autoscaling: AutoScalingClient, instance_id: str) -> str:
    """Tell its group that it is unhealthy. Grace is for what still boots; Defib has waited already.

    Raises Transient or Rejected. Doing it twice does no harm.
    """
    with tried_once(f"setting the health of {instance_id}"):
        autoscaling.set_instance_health(
            InstanceId=instance_id, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
        )
    return "its Auto Scaling group knows that it is unhealthy"


def enter_standby(autoscaling: AutoScalingClient, instance_id: str, group: str) -> str:
    """Take it out of service without having it terminated. Raises Transient or Rejected.

    The desired capacity shrinks by one meanwhile: the group would otherwise launch another in its place, and be one
    too many when it returns (EC2 Auto Scaling API, EnterStandby). What is not in service any more, though it was so a
    moment ago, may be on its way there by an earlier order: a new look tells.
    """
    try:
        with tried_once(f"putting {instance_id} in Standby"):
            autoscaling.enter_standby(
                InstanceIds=[instance_id], AutoScalingGroupName=group, ShouldDecrementDesiredCapacity=True
            )
    except Rejected as error:
        if error.code != "ValidationError" or NOT_IN_SERVICE not in str(error):
            raise
        raise Transient(str(error), error.code) from error
    return f"on its way to Standby in {group}"


def exit_standby(autoscaling: AutoScalingClient, instance_id: str, group: str) -> str:
    """Return it to service; the desired capacity grows by one again. Raises Transient or Rejected.

    Doing it twice does no harm: what is not in Standby has been returned, by an earlier try or by somebody else.
    """
    try:
        with tried_once(f"returning {instance_id} to service"):
            autoscaling.exit_standby(InstanceIds=[instance_id], AutoScalingGroupName=group)
    except Rejected as error:
        if error.code != "ValidationError" or NOT_IN_STANDBY not in str(error):
            raise
        return f"not in Standby any more in {group}"
    return f"on its way back into service in {group}"
