"""The Stashboard API: an HTTP API before one function, throttled, and the secret with which writes are signed."""

from __future__ import annotations

import json
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.acknowledgments import acknowledge

REQUESTS_A_SECOND = 10
BURST = 20
"""Widgets of the original poll every 6 s; more than 60 of them at once read the page's own files instead."""


PUBLIC = {"consumer_key": "anonymous", "consumer_secret": "anonymous", "token": "defib"}
"""As every client of Stashboard has them set; the token's secret is what keeps others out."""
LOGGED = ("requestId", "requestTime", "identity.sourceIp", "httpMethod", "path", "status", "responseLatency")


class StashboardSecret(Construct):
    """Made once, with a token secret that nobody has seen; the consumer is the original's, and public."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="Defib: signs writes to the status page by way of the Stashboard API",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps(PUBLIC),
                generate_string_key="token_secret",
                password_length=40,
                exclude_punctuation=True,
            ),
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge(self.secret, "SMG4", "Its clients are configured by hand; a rotation would cut them off.")


class StashboardApi(Construct):
    """Every path and method goes to the function, which knows the original's answers to each."""

    def __init__(self, scope: Construct, construct_id: str, *, function: lambda_.Function) -> None:
        super().__init__(scope, construct_id)
        log = logs.LogGroup(self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY)
        api = apigateway.HttpApi(
            self,
            "Api",
            description="Defib: the status page by the Stashboard API",
            default_integration=integrations.HttpLambdaIntegration("Function", function, timeout=Duration.seconds(20)),
            create_default_stage=False,
        )
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=REQUESTS_A_SECOND, burst_limit=BURST),
        )
        # No query and no header: some clients send other services' secrets along.
        cast(
            "apigateway.CfnStage", stage.node.default_child
        ).access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=log.log_group_arn,
            format=json.dumps({name: f"$context.{name}" for name in LOGGED}),
        )
        self.url = api.api_endpoint
        acknowledge(api, "APIG4", "Reads are for everybody; the function checks the signature of every write.")
