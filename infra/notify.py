"""Who is told: the incidents topic, which only ``publish`` may use, and the alerts topic about Defib itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from defib.core.audience import DRILL, FOR_EVERYBODY
from defib.core.incident import NoticeKind
from defib.core.policy import Policy

WORTH_A_TEXT = (
    NoticeKind.OPENED,
    NoticeKind.ESCALATED,
    NoticeKind.RESOLVED,
    NoticeKind.HELD,
    NoticeKind.APPROVAL,
)
"""Progress can wait for the e-mail; these can't."""


@dataclass(frozen=True, slots=True)
class Address:
    """One place that messages go, and the services it hears of."""

    protocol: sns.SubscriptionProtocol
    endpoint: str
    services: tuple[str, ...]
    contact: str


class Notify(Construct):
    """Two topics with the same people behind them, so that a dead Defib can't silence the news of its death."""

    def __init__(self, scope: Construct, construct_id: str, *, policy: Policy) -> None:
        super().__init__(scope, construct_id)
        self.incidents = sns.Topic(self, "Incidents", display_name="Defib", enforce_ssl=True)
        self.alerts = sns.Topic(self, "Alerts", display_name="Defib alert", enforce_ssl=True)
        for address in addresses(policy):
            self._subscribe(address)
        self.alerts.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsMayPublish",
                actions=["sns:Publish"],
                resources=[self.alerts.topic_arn],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": self._any_alarm()},
                },
            )
        )

    def only(self, role: iam.IRole) -> None:
        """Deny the incidents topic to whoever isn't ``role``, whatever their own policies allow."""
        self.incidents.add_to_resource_policy(
            iam.PolicyStatement(
                sid="OnlyPublishPublishes",
                effect=iam.Effect.DENY,
                actions=["sns:Publish"],
                resources=[self.incidents.topic_arn],
                principals=[iam.AnyPrincipal()],
                conditions={"ArnNotEquals": {"aws:PrincipalArn": role.role_arn}},
            )
        )

    def _subscribe(self, address: Address) -> None:
        if address.services:
            sns.Subscription(
                self,
                f"Incidents {address.endpoint}",
                topic=self.incidents,
                protocol=address.protocol,
                endpoint=address.endpoint,
                filter_policy=_filter(address),
            )
        sns.Subscription(
            self,
            f"Alerts {address.endpoint}",
            topic=self.alerts,
            protocol=address.protocol,
            endpoint=address.endpoint,
        )

    def _any_alarm(self) -> str:
        return Stack.of(self).format_arn(
            service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )


def addresses(policy: Policy) -> Iterator[Address]:
    """Each address of the policy, with the services that tell its contact. The parser has refused shared ones."""
    for contact in policy.contacts:
        name = contact.name
        services = tuple(sorted(service.name for service in policy.services if contact.name in service.tell))
        yield from (Address(sns.SubscriptionProtocol.EMAIL, endpoint, services, name) for endpoint in contact.email)
        yield from (Address(sns.SubscriptionProtocol.SMS, endpoint, services, name) for endpoint in contact.sms)


def _filter(address: Address) -> dict[str, sns.SubscriptionFilter]:
    about = {
        "service": sns.SubscriptionFilter.string_filter(
            allowlist=[*address.services, f"{DRILL}{address.contact}"],
            # Everyone hears of a whole zone's trouble, and of EC2's own.
            match_prefixes=list(FOR_EVERYBODY),
        )
    }
    if address.protocol is sns.SubscriptionProtocol.SMS:
        about["notice"] = sns.SubscriptionFilter.string_filter(allowlist=[kind.value for kind in WORTH_A_TEXT])
    return about
