"""The last lines of a deploy: which addresses messages do not reach yet, what to do about each, and until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from defib.core.contact import chat_output
from defib.core.medium import Medium
from defib.core.policy import Policy
from defib.core.reach import (
    PENDING_FOR,
    Address,
    Finding,
    Problem,
    Question,
    Topic,
    expected,
    expected_of_watchtower,
    findings,
    unreachable,
)
from defib.core.reach_news import remedy, scanned, shown
from infra.concurrency import scarce
from infra.texts import unsent

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from infra.cost import Template

STACK = "Defib"
WATCHTOWER_STACK = "DefibWatchtower"

STATUS_PAGE_TARGET = "StatusPageTarget"
"""The output that names the distribution behind a page with a domain of its own."""

TOPICS = {
    STACK: {Topic.INCIDENTS: "IncidentsTopic", Topic.ALERTS: "AlertsTopic"},
    WATCHTOWER_STACK: {Topic.FINDINGS: "FindingsTopic", Topic.HEARTBEAT: "HeartbeatTopic"},
}
"""Of each stack, the outputs that name its topics."""

ASKING_FOR = timedelta(seconds=60)
"""How long AWS may be asked about the addresses of one stack."""


@dataclass(frozen=True, slots=True)
class Left:
    """What one stack leaves to people."""

    region: str
    findings: tuple[Finding, ...]
    cut_off: tuple[str, ...] = ()
    """Contacts who hear of no incident until then."""
    unanswered: Mapping[Question, str] | None = None
    subscribed: Mapping[str, datetime] | None = None
    """When each address was subscribed, where that is known."""
    texts: str = ""
    """What is wrong with texts to the United States."""
    concurrency: str = ""
    """What is wrong with the account's room for functions."""

    @property
    def is_work(self) -> bool:
        """Whether it leaves anything to do."""
        return bool(self.findings or self.texts or self.concurrency)


def left_to_do(
    outputs: Mapping[str, Mapping[str, str]],
    policy: Policy,
    templates: Mapping[str, Template],
    to_see: Sequence[str] = (),
) -> Iterator[str]:
    """Ask SNS the sweep's own questions of each stack. ``outputs`` and ``templates`` are by the stacks' names.

    ``to_see`` are lines about the policy itself, which end them.
    """
    addresses = {STACK: expected(policy), WATCHTOWER_STACK: expected_of_watchtower(policy)}
    left = [
        _left(stack, outputs[stack], addresses[stack], policy, templates.get(stack, {}))
        for stack in TOPICS
        if stack in outputs and addresses[stack]
    ]
    target = outputs.get(STACK, {}).get(STATUS_PAGE_TARGET)
    points = [f"The name {policy.page.domain} must point at {target} (a CNAME or alias record)."] if target else []
    yield from told(left, (*points, *to_see))


def told(left: Sequence[Left], besides: Sequence[str] = ()) -> Iterator[str]:
    """What the stacks leave to people, and what there is to see to besides, in lines."""
    if not any(one.is_work or one.unanswered for one in left):
        yield f"Deployed. Every address can be reached{'.' if besides else '; nothing is left to do.'}"
        yield from besides
        return
    yield "Deployed. Left for people to do:" if any(one.is_work for one in left) else "Deployed."
    for one in left:
        for finding in one.findings:
            since = (one.subscribed or {}).get(finding.endpoint)
            whose = f" (contact {finding.contact})" if finding.contact else ""
            where = f" In {one.region}." if finding.medium is Medium.SMS and len(left) > 1 else ""
            until = since + PENDING_FOR if since is not None else None
            yield f"  {shown(finding)}{whose} {remedy(finding, until, one.region)}{where}"
        yield from (f"  {line}" for line in (one.texts, one.concurrency) if line)
        if one.cut_off:
            yield f"Until then nobody is told of incidents at contact {', '.join(one.cut_off)}."
        for question, error in (one.unanswered or {}).items():
            yield f"Could not ask AWS for the {question}: {error}"
    if how := scanned([finding for one in left for finding in one.findings]):
        yield how
    yield from besides


def _left(
    stack: str, outputs: Mapping[str, str], addresses: Sequence[Address], policy: Policy, template: Template
) -> Left:
    from defib.aws.clients import client  # noqa: PLC0415 - only after a deploy
    from defib.aws.clock import SystemClock  # noqa: PLC0415 - as client
    from defib.aws.reach import SnsReader  # noqa: PLC0415 - as client

    topics = {topic: outputs[name] for topic, name in TOPICS[stack].items()}
    region, clock = next(iter(topics.values())).split(":")[3], SystemClock()
    sns, cloudwatch = client("sns", policy.calls, region), client("cloudwatch", policy.calls, region)
    now = clock.now()
    chats = {
        address.contact: outputs[chat_output(address.contact)] for address in addresses if address.topic is Topic.CHAT
    }
    readings = SnsReader(sns, cloudwatch, clock, topics, chats).read(addresses, now + ASKING_FOR)
    found = findings(addresses, readings, policy.delivery.sms_share, now)
    waits = any(finding.problem is Problem.UNCONFIRMED for finding in found)
    made = subscribed_at(client("cloudformation", policy.calls, region), stack, template) if waits else {}
    texts = unsent(sns, region, addresses)
    # The watchtower's one function finds room in any account.
    room = scarce(client("lambda", policy.calls, region), region, template) if stack == STACK else ""
    return Left(region, found, unreachable(addresses, found), readings.unanswered, made, texts, room)


def subscribed_at(cloudformation: CloudFormationClient, stack: str, template: Template) -> dict[str, datetime]:
    """When CloudFormation made the subscriptions of each address, the first of them.

    Nothing of those that it has changed since, nor where it does not say.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only after a deploy

    made: dict[str, datetime] = {}
    try:
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
            for resource in page["StackResourceSummaries"]:
                endpoint = _endpoint(template, resource["LogicalResourceId"])
                if endpoint and resource["ResourceStatus"] == "CREATE_COMPLETE":
                    at = resource["LastUpdatedTimestamp"]
                    made[endpoint] = min(at, made.get(endpoint, at))
    except (BotoCoreError, ClientError):
        return {}
    return made


def _endpoint(template: Template, logical_id: str) -> str:
    """The address of a subscription; empty for any other resource."""
    resource = template.get("Resources", {}).get(logical_id, {})
    properties = resource.get("Properties")
    if resource.get("Type") != "AWS::SNS::Subscription" or not isinstance(properties, dict):
        return ""
    return str(properties["Endpoint"])
