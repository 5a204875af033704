"""Answering by a link: an HTTP API before one function, throttled, and the secret that links are signed with."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.access_log import log_access
from infra.acknowledgments import acknowledge
from infra.functions import SHAPES

REQUESTS_A_SECOND = 10
BURST = 50
"""The mail scanners of a whole team open every link of a message at once; people come by ones."""

ROUTE = "/a/{token}"
LOGGED = ("requestId", "requestTime", "identity.sourceIp", "httpMethod", "routeKey", "status", "responseLatency")
"""Not the path: whoever reads a link in a log could use it."""


class Answers(Construct):
    """Where links lead, and their secret. ``serve`` puts the function behind it that knows the table."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="Defib: signs the links by which people answer; a new value retires the one before it",
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            # Nothing is lost with it but the links in yesterday's mail.
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(self.secret, "SMG4", "One command gives it a new value (docs/answering.md); no function may.")
        self.api = apigateway.HttpApi(
            self, "Api", description="Defib: answers by a link from an e-mail", create_default_stage=False
        )
        acknowledge(self.api, "APIG4", "A link is its own credential; the function checks its signature first of all.")
        self.url = self.api.api_endpoint
        self._stage()

    def failures(self, period: Duration) -> cloudwatch.Metric:
        """How often somebody who followed a link got no answer, or was told to come again."""
        return self.api.metric_server_error(period=period, statistic="Sum")

    def serve(self, function: lambda_.Function) -> None:
        """Send every method of a link's path to ``function``, which knows an answer to each; no other path."""
        timeout = Duration.seconds(SHAPES["answer"].timeout_s - 1)
        self.api.add_routes(
            path=ROUTE,
            methods=[apigateway.HttpMethod.ANY],
            integration=integrations.HttpLambdaIntegration("Function", function, timeout=timeout),
        )

    def _stage(self) -> None:
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=REQUESTS_A_SECOND, burst_limit=BURST),
        )
        log_access(self, stage, named="answers", logged=LOGGED)
