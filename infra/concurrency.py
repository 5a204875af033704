"""Whether Lambda has room for all that Defib runs at once: a new account may have less, and no deploy fails over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from infra.cost import Resource, Template

QUOTA = "L-B99A9384"
"""Service Quotas' code of Lambda's concurrent executions."""
USUAL = 1_000
"""What an account has that is not new (Lambda Developer Guide, Lambda quotas)."""


def scarce(lambda_: LambdaClient, region: str, template: Template) -> str:
    """What is wrong with the account's room for functions in ``region``, in a line; empty where nothing is.

    "New AWS accounts have reduced concurrency and memory quotas" (Lambda Developer Guide, Lambda quotas). When several
    instances fail at once, who looks at them would take all of it, and who tells people, heals and sweeps would be
    throttled. Who asks needs ``lambda:GetAccountSettings``.
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
        f"Lambda in {region} has room for {room} functions at once, and Defib's alone may be {most} when much fails: "
        "messages would come late. Ask for more: aws service-quotas request-service-quota-increase --service-code "
        f"lambda --quota-code {QUOTA} --desired-value {wanted} --region {region}"
    )


def at_once(template: Template) -> int:
    """How many functions may run at once: as many as the queues let, and one of each other."""
    resources = template.get("Resources", {}).values()
    functions = sum(resource["Type"] == "AWS::Lambda::Function" for resource in resources)
    fed = [_limit(resource) for resource in resources if resource["Type"] == "AWS::Lambda::EventSourceMapping"]
    return sum(fed) + functions - len(fed)


def _limit(mapping: Resource) -> int:
    properties: Any = mapping["Properties"]
    return int(properties["ScalingConfig"]["MaximumConcurrency"])
