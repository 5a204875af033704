"""The watchtower: a second stack, in another Region, that shares no code path, queue, topic or key with the first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import ArnFormat, Aws, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from defib.core.policy import Policy
from infra.acknowledgments import acknowledge
from infra.bundle import Target
from infra.every_minute import every_minute
from infra.heartbeat import SILENT_FOR, alarm_on_silence
from infra.notify import addresses, retry
from infra.watched import Seen, parameter_name
from infra.watchtower_bundle import FINDINGS, HEARTBEAT
from watchtower import handler, readings
from watchtower.asking import LONGEST

TIMEOUT = Duration.seconds(int(LONGEST.total_seconds()) + 7)
"""Beyond the longest look, and within the minute to the next."""
MEMORY_MB = 256


class WatchtowerStack(Stack):
    """All of the watchtower in its Region. ``code`` is its bundle; see ``bundle_watchtower``."""

    def __init__(
        self, scope: Construct, construct_id: str, *, policy: Policy, target: Target, code: Path, seen: Seen
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env={"region": policy.watchtower.region},
            description="Defib: tells people when Defib itself, in another Region, is dead.",
            analytics_reporting=False,
        )
        tower = Watchtower(self, "Watchtower", policy=policy, target=target, code=code, seen=seen)
        for name, value in (("FindingsTopic", tower.findings), ("HeartbeatTopic", tower.heartbeat)):
            CfnOutput(self, name, value=value.topic_arn)


class Watchtower(Construct):
    """One function, what it remembers, its two topics, and an alarm that needs no function."""

    def __init__(
        self, scope: Construct, construct_id: str, *, policy: Policy, target: Target, code: Path, seen: Seen
    ) -> None:
        super().__init__(scope, construct_id)
        self._policy, self._seen = policy, seen
        self.findings = self._topic(FINDINGS, "Defib watch", texts=["grave"])
        self.heartbeat = self._topic(HEARTBEAT, "Defib watch alarm")
        self._let_alarms_publish()
        self.table = self._table()
        self.function = self._function(target, code)
        self._only(self.function)
        # No dead-letter queue: a look that was missed is of no use later, and the alarm below says that it was.
        every_minute(self, self.function, does="the watchtower's look")
        self._alarm()

    def _topic(self, name: str, display: str, texts: list[str] | None = None) -> sns.Topic:
        topic = sns.Topic(self, name, display_name=display, enforce_ssl=True)
        for address in addresses(self._policy):
            grave = {"weight": sns.SubscriptionFilter.string_filter(allowlist=texts)} if texts else None
            subscription = sns.Subscription(
                self,
                f"{name} {address.endpoint}",
                topic=topic,
                protocol=address.protocol,
                endpoint=address.endpoint,
                filter_policy=grave if address.protocol is sns.SubscriptionProtocol.SMS else None,
            )
            retry(subscription, address)
        return topic

    def _let_alarms_publish(self) -> None:
        alarms = Stack.of(self).format_arn(
            service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        self.heartbeat.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsMayPublish",
                actions=["sns:Publish"],
                resources=[self.heartbeat.topic_arn],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": alarms},
                },
            )
        )

    def _only(self, function: lambda_.Function) -> None:
        """Deny the findings topic to whoever isn't the watchtower, whatever their own policies allow."""
        assert function.role is not None
        self.findings.add_to_resource_policy(
            iam.PolicyStatement(
                sid="OnlyTheWatchtowerPublishes",
                effect=iam.Effect.DENY,
                actions=["sns:Publish"],
                resources=[self.findings.topic_arn],
                principals=[iam.AnyPrincipal()],
                conditions={"ArnNotEquals": {"aws:PrincipalArn": function.role.role_arn}},
            )
        )

    def _table(self) -> dynamodb.TableV2:
        table = dynamodb.TableV2(
            self,
            "Memory",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(table, "DDB3", "What people were told of; were it lost, they would be told again.")
        return table

    def _function(self, target: Target, code: Path) -> lambda_.Function:
        log = logs.LogGroup(self, "Log", removal_policy=RemovalPolicy.DESTROY)
        cfn_log = log.node.default_child
        assert isinstance(cfn_log, logs.CfnLogGroup)
        # The parser admits only what CloudWatch offers, some of which the CDK's own list lacks a name for.
        cfn_log.retention_in_days = self._policy.retention.logs.days
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="Defib: the watchtower's eyes",
            inline_policies={"sees": iam.PolicyDocument(statements=[*self._there(), *self._here()])},
        )
        self._acknowledge_wildcards(role)
        log.grant_write(role)
        return lambda_.Function(
            self,
            "Function",
            description="Defib: looks at Defib from another Region once a minute",
            runtime=lambda_.Runtime(f"python{target.python}", lambda_.RuntimeFamily.PYTHON),
            architecture=lambda_.Architecture.ARM_64 if target.is_arm else lambda_.Architecture.X86_64,
            handler="watchtower.handler.lambda_handler",
            code=lambda_.Code.from_asset(str(code)),
            role=role,
            log_group=log,
            memory_size=MEMORY_MB,
            timeout=TIMEOUT,
            environment={
                "WATCHTOWER_TABLE": self.table.table_name,
                "WATCHTOWER_TOPIC": self.findings.topic_arn,
                "WATCHTOWER_HEARTBEAT_TOPIC": self.heartbeat.topic_arn,
            },
        )

    def _there(self) -> list[iam.PolicyStatement]:
        """What it may do in the watched Region: read, and put canaries."""
        stack = self._seen.stack_name
        parameter = self._primary("ssm", "parameter", parameter_name(stack).removeprefix("/"))
        only_canaries = {"events:source": readings.CANARY_SOURCE, "events:detail-type": readings.CANARY_TYPE}
        heartbeats = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [readings.HEARTBEATS]}}
        any_alarm = self._primary("cloudwatch", "alarm", "*", ArnFormat.COLON_RESOURCE_NAME)
        return [
            _allow(["ssm:GetParameter"], parameter),
            _allow(
                ["events:PutEvents"],
                self._primary("events", "event-bus", "default"),
                conditions={"StringEquals": only_canaries},
            ),
            _allow(["dynamodb:Query"], self._primary("dynamodb", "table", f"{stack}-*"), conditions=heartbeats),
            _allow(["cloudwatch:DescribeAlarms"], any_alarm),
            # No resource type (Service Authorization Reference, Amazon EventBridge).
            _allow(
                ["events:ListRules"],
                "*",
                conditions={"StringEquals": {"aws:RequestedRegion": self._policy.watchtower.primary_region}},
            ),
            _allow(["sns:ListSubscriptionsByTopic"], self._primary_topics()),
        ]

    def _here(self) -> list[iam.PolicyStatement]:
        """What it may do in its own Region, and what AWS can't limit to a resource."""
        topics = [self.findings.topic_arn, self.heartbeat.topic_arn]
        found = [
            _allow(["sns:ListSubscriptionsByTopic"], *topics),
            _allow(["sns:Publish"], self.findings.topic_arn),
            _allow(["dynamodb:GetItem", "dynamodb:PutItem"], self.table.table_arn),
        ]
        if any(contact.sms for contact in self._policy.contacts):
            tower = self._policy.watchtower
            regions = {"StringEquals": {"aws:RequestedRegion": sorted((tower.primary_region, tower.region))}}
            reads = ["cloudwatch:GetMetricStatistics", "sns:GetSMSAttributes", "sns:GetSMSSandboxAccountStatus"]
            found.append(_allow(reads, "*", conditions=regions))
            # SNS asks AWS End User Messaging in the caller's name (AWS managed policy AmazonSNSReadOnlyAccess).
            passed_on = ["sms-voice:DescribeAccountAttributes", "sms-voice:DescribeSpendLimits"]
            through = {"StringEquals": {"aws:CalledViaLast": "sns.amazonaws.com"}}
            found.append(_allow(passed_on, "*", conditions=through))
        return found

    def _primary(
        self, service: str, resource: str, name: str, arn_format: ArnFormat = ArnFormat.SLASH_RESOURCE_NAME
    ) -> str:
        return Stack.of(self).format_arn(
            service=service,
            region=self._policy.watchtower.primary_region,
            resource=resource,
            resource_name=name,
            arn_format=arn_format,
        )

    def _primary_topics(self) -> str:
        region = self._policy.watchtower.primary_region
        return Stack.of(self).format_arn(service="sns", region=region, resource=f"{self._seen.stack_name}-*")

    def _acknowledge_wildcards(self, role: iam.Role) -> None:
        named = "The names end in what CloudFormation makes up; reads only."
        reasons = {
            "*": "Reads that AWS can't limit to a resource; in one or two Regions only.",
            self._primary("dynamodb", "table", f"{self._seen.stack_name}-*"): f"{named} Of one partition key.",
            self._primary_topics(): named,
            self._primary(
                "cloudwatch", "alarm", "*", ArnFormat.COLON_RESOURCE_NAME
            ): "CloudWatch lists by prefix only.",
        }
        for resource, reason in reasons.items():
            acknowledge(role, f"IAM5[Resource::{resource.replace(Aws.ACCOUNT_ID, '<AWS::AccountId>')}]", reason)

    def _alarm(self) -> None:
        there = self._policy.watchtower.primary_region
        alarm = alarm_on_silence(
            self,
            "LookHeartbeat",
            description=(
                f"The watchtower has not looked at Defib in {there} for {SILENT_FOR}, or could not tell people what it "
                "saw: nobody watches Defib. Look at the log of its function, then at its schedule."
            ),
            namespace=handler.METRICS_NAMESPACE,
            metric=handler.METRIC,
            service=handler.SERVICE,
        )
        alarm.add_alarm_action(actions.SnsAction(self.heartbeat))
        alarm.add_ok_action(actions.SnsAction(self.heartbeat))


def _allow(actions: list[str], *resources: str, conditions: Mapping[str, object] | None = None) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=list(resources), conditions=conditions)
