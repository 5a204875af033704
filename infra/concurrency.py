"""Whether Lambda has room for all that Defib runs at once: a new account may have less, and no deploy fails over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient

    from infra.cost import Resource, Template

QUOTA = "L-B99A9384"
"""Service Quotas' code of Lambda's concurrent executions."""
MAPPING = "AWS::Lambda::EventSourceMapping"
USUAL = 1_000
"""What an account has that is not new (Lambda Developer Guide, Lambda quotas)."""


def scarce(lambda_: LambdaClient, region: str, template: Template) -> str:
    """What is wrong with the account's room for functions in ``region``, in a line; empty where nothing is.

    "New AWS accounts have reduced concurrency and memory quotas" (Lambda Developer Guide, Lambda quotas). When several
    instances fail at once, who looks at them would take all of it, or strangers who call the HTTP APIs, and who tells
    people, heals and sweeps would be throttled. Who asks needs ``lambda:GetAccountSettings``.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only after a deploy

    most = at_once(template)
    if not most:
        return ""
    try:
        limit = lambda_.get_account_settings()["AccountLimit"]
    except (BotoCoreError, ClientError) as error:
        return f"Whether Lambda in {region} has room for Defib's {most} functions at once could not be asked ({error})"
    room = limit["UnreservedConcurrentExecutions"]
    if room >= most:
        return ""
    wanted = max(USUAL, limit["ConcurrentExecutions"] + most)
    return (
        f"Lambda in {region} has room for {room} functions at once, and Defib's alone may be {most} when much fails "
        "and many call: messages would come late. Ask for more: aws service-quotas request-service-quota-increase "
        f"--service-code lambda --quota-code {QUOTA} --desired-value {wanted} --region {region}"
    )


def at_once(template: Template) -> int:
    """How many functions may run at once: as many as queues and HTTP APIs let, and one of each other."""
    resources = template.get("Resources", {})
    functions = len(_of(resources, "AWS::Lambda::Function"))
    fed = [int(mapping["ScalingConfig"]["MaximumConcurrency"]) for mapping in _of(resources, MAPPING)]
    called = _of(resources, "AWS::ApiGatewayV2::Integration")
    behind = {integration["IntegrationUri"]["Fn::GetAtt"][0] for integration in called}
    apis = {integration["ApiId"]["Ref"] for integration in called}
    stages = [stage for stage in _of(resources, "AWS::ApiGatewayV2::Stage") if stage["ApiId"]["Ref"] in apis]
    # An API has one bucket for all its routes, and anybody may empty it in a moment.
    bursts = [int(stage["DefaultRouteSettings"]["ThrottlingBurstLimit"]) for stage in stages]
    return sum(fed) + sum(bursts) + functions - len(fed) - len(behind)


def _of(resources: Mapping[str, Resource], kind: str) -> list[Any]:
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]
