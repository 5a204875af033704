"""The access log of an HTTP API, by a name that needs no room of its own in the account's policy for such logs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_logs as logs
from constructs import Construct

VENDED = "/aws/vendedlogs"
"""API Gateway adds each other log group to one resource policy of the account, of 5,120 characters at most and never
shortened; near that CloudWatch Logs lets in whatever begins so (Step Functions Developer Guide, "Avoiding Amazon
CloudWatch Logs resource policy size restrictions"). The stage of any other fails, and the whole deploy (sst#125)."""


def log_access(scope: Construct, stage: apigateway.HttpStage, *, named: str, logged: Sequence[str]) -> None:
    """Log these variables of each request's context for a month."""
    log = logs.LogGroup(
        scope,
        "Log",
        log_group_name=f"{VENDED}/{Stack.of(scope).stack_name}/{named}",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
    made = cast("apigateway.CfnStage", stage.node.default_child)
    made.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
        destination_arn=log.log_group_arn, format=json.dumps({name: f"$context.{name}" for name in logged})
    )
