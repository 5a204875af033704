"""What became of each message, where SNS keeps a log of it: of HTTP(S) by topic, of SMS for the whole account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import cast

from aws_cdk import ArnFormat, Aws, RemovalPolicy, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.acknowledgments import acknowledge

SMS = "DirectPublishToPhoneNumber"
"""What SNS writes in the place of a topic's name in the log groups of all SMS (SNS Developer Guide,
sms_stats_cloudwatch)."""

WRITES = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
"""What SNS asks for (SNS Developer Guide, topics-attrib-prereq)."""


class DeliveryLog(Construct):
    """A log of deliveries by HTTP(S) for each topic, and the role by which SNS writes it, and one of all SMS.

    SNS names the log groups itself (SNS Developer Guide, topics-attrib-prereq): ``sns/<region>/<account>/<topic>`` and,
    for what failed, the same with ``/Failure``. They are made here so that they end with ``kept_for``; left to SNS they
    would be kept for ever. E-mail has no such log. That SMS are logged is a setting of the account, which
    CloudFormation does not know (docs/operations.md has the command); their groups are the account's too, so that
    another stack may have made them.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, topics: Mapping[str, sns.Topic], kept_for: timedelta
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sns.amazonaws.com"),
            description="Defib: SNS writes down what became of messages",
        )
        groups = [
            self._group(f"{name}{part}", f"{_name(topic.topic_name)}{ending}", kept_for)
            for name, topic in topics.items()
            for part, ending in (("Delivered", ""), ("Failed", "/Failure"))
        ]
        texts = [self._of_group(_name(SMS)), self._of_group(f"{_name(SMS)}/Failure")]
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(WRITES), resources=[*(group.log_group_arn for group in groups), *texts])
        )
        self._acknowledge(groups, texts)
        for topic in topics.values():
            topic.add_logging_config(
                protocol=sns.LoggingProtocol.HTTP,
                failure_feedback_role=self.role,
                success_feedback_role=self.role,
                # All of them: there are few, and the one in question is never the one that was sampled.
                success_feedback_sample_rate=100,
            )

    def _group(self, construct_id: str, name: str, kept_for: timedelta) -> logs.LogGroup:
        group = logs.LogGroup(self, construct_id, log_group_name=name, removal_policy=RemovalPolicy.DESTROY)
        # The parser admits only what CloudWatch offers, some of which the CDK's own list lacks a name for.
        cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = kept_for.days
        return group

    def _of_group(self, name: str) -> str:
        return Stack.of(self).format_arn(
            service="logs", resource="log-group", resource_name=f"{name}:*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )

    def _acknowledge(self, groups: list[logs.LogGroup], texts: list[str]) -> None:
        reason = "SNS names the streams of these log groups itself."
        for group in groups:
            logical_id = Stack.of(self).get_logical_id(cast("logs.CfnLogGroup", group.node.default_child))
            acknowledge(self.role, f"IAM5[Resource::<{logical_id}.Arn>]", reason)
        for arn in texts:
            acknowledge(self.role, f"IAM5[Resource::{_in_nags_words(arn, Stack.of(self))}]", reason)


def _name(topic: str) -> str:
    return f"sns/{Aws.REGION}/{Aws.ACCOUNT_ID}/{topic}"


def _in_nags_words(arn: str, stack: Stack) -> str:
    """The ARN as cdk-nag writes it in the ids of its findings: what is known at synth as it is."""
    partition = "<AWS::Partition>" if Token.is_unresolved(stack.partition) else stack.partition
    written = arn.replace(stack.partition, partition).replace(Aws.PARTITION, partition)
    return written.replace(Aws.REGION, "<AWS::Region>").replace(Aws.ACCOUNT_ID, "<AWS::AccountId>")
