"""The page's HTTP API, throttled: before the Stashboard API's function and the form's, where the page has them."""

from __future__ import annotations

import json
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.access_log import log_access
from infra.acknowledgments import acknowledge

REQUESTS_A_SECOND = 10
BURST = 20
"""Widgets of the original poll every 6 s; more than 60 of them at once read the page's own files instead."""


SUBSCRIBE_PATH = "/subscribe"
FORMS_A_SECOND = 1
FORMS_BURST = 5
"""People subscribe one by one; thousands of posts get 429 from the API itself, and wake nothing."""

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
            # Of a first deploy that fails nothing is left.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        acknowledge(self.secret, "SMG4", "Its clients are configured by hand; a rotation would cut them off.")


class PageApi(Construct):
    """The one HTTP API of the page. Its address is known before the functions behind it are, which know the page's."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._api = apigateway.HttpApi(
            self, "Api", description="Defib: what the status page takes from its readers", create_default_stage=False
        )
        self.url = self._api.api_endpoint
        acknowledge(
            self._api,
            "APIG4",
            "Reads and the form are for everybody; every other write is signed.",
        )

    def failures(self, period: Duration) -> cloudwatch.Metric:
        """How often somebody who called got no answer, or was told to come again."""
        return self._api.metric_server_error(period=period, statistic="Sum")

    def answer(self, *, stashboard: lambda_.Function | None, subscribe: lambda_.Function | None) -> None:
        """All but the form goes to ``stashboard``, which knows the original's answers to each path and method.

        Without it, API Gateway itself answers all but the form with 404.
        """
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self._api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=REQUESTS_A_SECOND, burst_limit=BURST),
        )
        # No query, no header and no body: some clients send other services' secrets along, and forms an address.
        log_access(self, stage, named="page-api", logged=LOGGED)
        if stashboard is not None:
            default = apigateway.HttpRoute(
                self._api,
                "DefaultRoute",
                http_api=self._api,
                route_key=apigateway.HttpRouteKey.DEFAULT,
                integration=_function("Function", stashboard),
            )
            stage.node.add_dependency(default)
        # API Gateway keeps a setting whose route is gone, and then refuses each change of the stage (as in
        # aws/serverless-application-model#1939): so the route stays, and the other function says that there is no form.
        takes = subscribe or stashboard
        if takes is None:
            return
        form = apigateway.HttpRoute(
            self,
            "SubscribeRoute",
            http_api=self._api,
            route_key=apigateway.HttpRouteKey.with_(SUBSCRIBE_PATH, apigateway.HttpMethod.POST),
            integration=_function("Subscribe", takes),
        )
        acknowledge(form, "APIG4", "A form for everybody; what it may do in a second and a day is limited.")
        made = cast("apigateway.CfnStage", stage.node.default_child)
        made.route_settings = {
            f"POST {SUBSCRIBE_PATH}": {
                "ThrottlingRateLimit": FORMS_A_SECOND,
                "ThrottlingBurstLimit": FORMS_BURST,
            }
        }
        # A setting for a route that is not there yet is refused.
        stage.node.add_dependency(form)


def _function(construct_id: str, function: lambda_.Function) -> integrations.HttpLambdaIntegration:
    return integrations.HttpLambdaIntegration(construct_id, function, timeout=Duration.seconds(20))
