"""Addresses over which a whole deploy would fail: it changes their subscription, and SNS has forgotten it.

CloudFormation reads a subscription before it changes it, and rolls everything back where there is none (its handler of
AWS::SNS::Subscription). One changes when its contact is renamed, since the filter names the contact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infra.operator_error import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_sns import SNSClient

    from defib.core.policy import Calls
    from infra.cost import Template

REMEDY = (
    "Take them out of defib.toml (where a contact has no other address, put another in its place), make deploy, put "
    "them back, make deploy, and confirm."
)


def refuse_lapsed(stack: str, template: Template, calls: Calls, region: str) -> None:
    """Raise OperatorError if the deploy of ``template`` is bound to fail; where AWS can't be asked, let it try."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only a deploy needs it

    from defib.aws.clients import client  # noqa: PLC0415 - as botocore

    try:
        found = lapsed(client("cloudformation", calls, region), client("sns", calls, region), stack, template)
    except (BotoCoreError, ClientError):
        return
    if found:
        raise OperatorError(
            f"CloudFormation would fail: SNS has no subscription of {', '.join(found)} any more, and this deploy would "
            f"change it, as where its contact has another name. {REMEDY}"
        )


def lapsed(cloudformation: CloudFormationClient, sns: SNSClient, stack: str, template: Template) -> Sequence[str]:
    """The addresses. Raises what botocore raises."""
    deployed: Any = cloudformation.get_template(StackName=stack)["TemplateBody"]
    # Text where it is no JSON (botocore).
    before = deployed.get("Resources", {}) if isinstance(deployed, Mapping) else {}
    changed = dict(_changed(before, template.get("Resources", {})))
    if not changed:
        return ()
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    arns = {
        resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
    gone = {endpoint for logical_id, endpoint in changed.items() if not _is_there(sns, arns.get(logical_id, ""))}
    return sorted(gone)


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of each subscription that stays and is changed its logical id, and its address."""
    for logical_id, resource in after.items():
        if resource.get("Type") != "AWS::SNS::Subscription" or logical_id not in before:
            continue
        then, now = before[logical_id].get("Properties", {}), resource["Properties"]
        if then != now and isinstance(now["Endpoint"], str):
            yield logical_id, now["Endpoint"]


def _is_there(sns: SNSClient, arn: str) -> bool:
    try:
        sns.get_subscription_attributes(SubscriptionArn=arn)
    except sns.exceptions.NotFoundException:
        return False
    return True
