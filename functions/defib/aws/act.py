"""Carries out the actions of the ladder, one file for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from defib.aws import drain, group, reboot, resize, restore, start, stop, suppress
from defib.aws.permission import union
from defib.core.case import Action, Attempt, Case
from defib.core.model import Observation
from defib.shell.ports import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

PERMISSIONS = union(
    drain.PERMISSIONS,
    group.PERMISSIONS,
    reboot.PERMISSIONS,
    resize.PERMISSIONS,
    restore.PERMISSIONS,
    start.PERMISSIONS,
    stop.PERMISSIONS,
    suppress.PERMISSIONS,
)


class AwsActor:
    """Keeps the promises of ``ports.Actor`` for all actions but EVIDENCE, which ``evidence`` carries out."""

    def __init__(
        self,
        ec2: Callable[[], EC2Client],
        elb: Callable[[], ElasticLoadBalancingv2Client],
        autoscaling: Callable[[], AutoScalingClient],
        suppress_for: timedelta,
    ) -> None:
        """The first three make clients that try each call once (``errors.tried_once``); few invocations need them."""
        self._ec2 = ec2
        self._elb = elb
        self._autoscaling = autoscaling
        self._suppress_for = suppress_for

    def perform(self, attempt: Attempt, case: Case, observation: Observation) -> str:
        match attempt.action:
            case Action.REBOOT:
                return reboot.perform(self._ec2(), case.instance_id)
            case Action.DRAIN:
                return drain.perform(self._elb(), case, observation)
            case Action.STOP | Action.FORCE_STOP:
                return stop.perform(self._ec2(), case.instance_id, force=attempt.action is Action.FORCE_STOP)
            case Action.SKIP_OS_SHUTDOWN:
                return stop.without_shutdown(self._ec2(), case.instance_id)
            case Action.RESIZE:
                return resize.perform(self._ec2(), observation, attempt.to)
            case Action.START:
                return start.perform(self._ec2(), case.instance_id)
            case Action.RESTORE:
                return restore.perform(self._elb(), case)
            case Action.REPLACE:
                return group.replace(self._autoscaling(), case.instance_id)
            case Action.ENTER_STANDBY:
                return group.enter_standby(self._autoscaling(), case.instance_id, case.group)
            case Action.EXIT_STANDBY:
                return group.exit_standby(self._autoscaling(), case.instance_id, case.group)
            case Action.SUPPRESS_CHECK | Action.RESUME_CHECK:
                lasts = self._suppress_for if attempt.action is Action.SUPPRESS_CHECK else None
                return suppress.perform(self._ec2(), case.instance_id, lasts)
            case Action.EVIDENCE:
                raise Rejected("evidence is taken by the function evidence, not by remediate", code="WrongFunction")
        assert_never(attempt.action)
