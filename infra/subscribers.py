"""Who is told of the status page by e-mail: a topic of its own, so that no customer ever reads what staff are told."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from defib.core.page.settings import PageSettings

STATUS_PAGE, SUBSCRIBERS = "StatusPage", "Subscribers"
"""Where the topic stands in the tree of constructs; elsewhere it would be another topic, with nobody subscribed."""


class Subscribers(Construct):
    """The topic behind the page's form. Its display name is whom the e-mail comes from.

    It is there whether customers may subscribe or not, and without a page, too: with it would go all subscriptions, and
    each has been confirmed by its owner. An empty topic costs nothing.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: PageSettings) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", display_name=settings.title, enforce_ssl=True)
        self.topic.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)

    def only(self, role: iam.IRole | None) -> None:
        """Deny the topic to whoever isn't ``role``, whatever their own policies allow; None: to all."""
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="OnlyThePagePublishes",
                effect=iam.Effect.DENY,
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                principals=[iam.AnyPrincipal()],
                conditions={"ArnNotEquals": {"aws:PrincipalArn": role.role_arn}} if role is not None else None,
            )
        )


def keep_subscribers(stack: Stack, settings: PageSettings) -> None:
    """The topic where there is no page: at its place in one, by which CloudFormation knows it for the same."""
    Subscribers(Construct(stack, STATUS_PAGE), SUBSCRIBERS, settings=settings).only(None)
