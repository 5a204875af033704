"""Who is told: the incidents topic, which only ``publish`` may use, and the alerts topic about Defib itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from defib.core.medium import Medium
from defib.core.policy import Policy
from infra.set_aside import SetAside

DELIVERY_POLICY = {
    "healthyRetryPolicy": {
        "minDelayTarget": 5,
        "maxDelayTarget": 120,
        "numRetries": 31,
        "numMinDelayRetries": 2,
        "numMaxDelayRetries": 24,
        "backoffFunction": "exponential",
    },
    "requestPolicy": {"headerContentType": "application/json"},
}
"""How often SNS tries a machine that does not answer: for 48 minutes at least, and 58 at most, since it allows 3,600 s
in all (SNS Developer Guide, Message delivery retries). By itself it gives up after a minute. Never more than two
minutes apart, so that what waits comes soon after the machine is back."""


@dataclass(frozen=True, slots=True)
class Address:
    """One place that messages of one contact go to by one medium."""

    contact: str
    medium: Medium
    protocol: sns.SubscriptionProtocol
    endpoint: str


class Notify(Construct):
    """Two topics with the same people behind them, so that a dead Defib can't silence the news of its death."""

    def __init__(self, scope: Construct, construct_id: str, *, policy: Policy, set_aside: SetAside) -> None:
        super().__init__(scope, construct_id)
        self._set_aside = set_aside
        self.incidents = sns.Topic(self, "Incidents", display_name="Defib", enforce_ssl=True)
        self.alerts = sns.Topic(self, "Alerts", display_name="Defib alert", enforce_ssl=True)
        self.chats = {
            contact.name: sns.Topic(self, f"Chat {contact.name}", display_name="Defib", enforce_ssl=True)
            for contact in policy.contacts
            if contact.chat
        }
        """One each: a chat channel subscribes to its topic itself, and can't filter."""
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
        """Deny the topics of the incidents to whoever isn't ``role``, whatever their own policies allow."""
        for topic in (self.incidents, *self.chats.values()):
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="OnlyPublishPublishes",
                    effect=iam.Effect.DENY,
                    actions=["sns:Publish"],
                    resources=[topic.topic_arn],
                    principals=[iam.AnyPrincipal()],
                    conditions={"ArnNotEquals": {"aws:PrincipalArn": role.role_arn}},
                )
            )

    def _subscribe(self, address: Address) -> None:
        incidents = sns.Subscription(
            self,
            f"Incidents {address.endpoint}",
            topic=self.incidents,
            protocol=address.protocol,
            endpoint=address.endpoint,
            # What a contact hears of, and by which medium, is decided for each message (core/outbox.py).
            filter_policy={
                "contact": sns.SubscriptionFilter.string_filter(allowlist=[address.contact]),
                "media": sns.SubscriptionFilter.string_filter(allowlist=[address.medium.value]),
            },
            dead_letter_queue=self._set_aside.undelivered if address.medium is Medium.HTTPS else None,
        )
        # No dead-letter queue: the alarm about what was set aside would be set aside itself, and ring anew.
        alerts = sns.Subscription(
            self,
            f"Alerts {address.endpoint}",
            topic=self.alerts,
            protocol=address.protocol,
            endpoint=address.endpoint,
        )
        for subscription in (incidents, alerts):
            retry(subscription, address)

    def _any_alarm(self) -> str:
        return Stack.of(self).format_arn(
            service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )


def retry(subscription: sns.Subscription, address: Address) -> None:
    """Have SNS try a machine for longer. E-mail and SMS it tries for six hours, which nobody can change."""
    if address.medium is Medium.HTTPS:
        # The CDK's own words for the backoff are not those of SNS.
        cast("sns.CfnSubscription", subscription.node.default_child).delivery_policy = DELIVERY_POLICY


def addresses(policy: Policy) -> Iterator[Address]:
    """Each address of the policy. The parser has refused shared ones."""
    for contact in policy.contacts:
        for medium, protocol, endpoints in (
            (Medium.EMAIL, sns.SubscriptionProtocol.EMAIL, contact.email),
            (Medium.SMS, sns.SubscriptionProtocol.SMS, contact.sms),
            (Medium.HTTPS, sns.SubscriptionProtocol.HTTPS, contact.https),
        ):
            yield from (Address(contact.name, medium, protocol, endpoint) for endpoint in endpoints)
