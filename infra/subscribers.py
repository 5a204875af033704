"""Who is told of the status page by e-mail: a topic of its own, so that no customer ever reads what staff are told."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from defib.core.page.settings import PageSettings


class Subscribers(Construct):
    """The topic behind the page's form. Its display name is whom the e-mail comes from."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: PageSettings) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", display_name=settings.title, enforce_ssl=True)

    def only(self, role: iam.IRole) -> None:
        """Deny the topic to whoever isn't ``role``, whatever their own policies allow."""
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="OnlyThePagePublishes",
                effect=iam.Effect.DENY,
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                principals=[iam.AnyPrincipal()],
                conditions={"ArnNotEquals": {"aws:PrincipalArn": role.role_arn}},
            )
        )
