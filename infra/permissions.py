"""A handler's declared permissions as IAM statements and environment: what it may use is what it is told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from aws_cdk import ArnFormat, Aws, Stack, Token
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm

from defib.aws.permission import Permission, Scope
from defib.core.asking import DETAIL_TYPE, EVENT_SOURCE
from defib.core.policy import Policy
from defib.core.service import Mode, Service
from defib.core.shifting import shiftable
from infra.acknowledgments import acknowledge, in_nags_words
from infra.answers import Answers
from infra.cases import DUE_INDEX
from infra.elsewhere import Follower, follower_arns, follower_variables
from infra.leading_keys import LEADING_KEYS
from infra.page import StatusPage
from infra.page_grants import page_arns, page_variables
from infra.set_aside import SetAside

TAGGED = (
    Scope.OPTED_IN_INSTANCES,
    Scope.RESIZABLE_INSTANCES,
    Scope.OPTED_IN_TARGET_GROUPS,
    Scope.OPTED_IN_GROUPS,
)
"""What the condition on the opt-in tag narrows."""

ONLY_THE_TYPE = {"StringLike": {"ec2:Attribute/InstanceType": "*"}}
"""Any type, since an instance gets its own back, and no other attribute (EC2 User Guide, Identity-based policies,
condition key ``ec2:Attribute``); a call changes one (EC2 API, ModifyInstanceAttribute). With its user data whoever may
stop and start an instance could run anything on it."""

GUESSABLE = (Scope.PAGE_BUCKET, Scope.PAGE_BUCKET_OBJECTS)
"""A stranger may have a bucket of the name of the page's copy, and let anybody write there."""

ANY_GROUP = "autoScalingGroup:*:autoScalingGroupName"
"""An ARN of an Auto Scaling group has a unique id before the name (Service Authorization Reference)."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What the scopes stand for in this stack."""

    policy: Policy
    table: dynamodb.TableV2
    signals: sqs.Queue
    orders: sqs.Queue
    evidence: sqs.Queue
    notices: sqs.Queue
    bucket: s3.Bucket
    incidents: sns.Topic
    alerts: sns.Topic
    chats: Mapping[str, sns.Topic]
    """By contact."""
    kill_switch: ssm.StringParameter
    set_aside: SetAside
    page: StatusPage | None = None
    """None where the policy has no status page."""
    answers: Answers | None = None
    """None where e-mails carry no links."""
    followers: tuple[Follower, ...] = ()
    """Other pages that follow it."""
    follower: Follower | None = None
    """The one that the function in question tells."""

    def statements(self, permissions: Sequence[Permission]) -> list[iam.PolicyStatement]:
        """One statement a permission; none for one whose scope names nothing under this policy."""
        granted = ((permission, self._arns(permission.on)) for permission in permissions)
        return [
            iam.PolicyStatement(
                actions=list(permission.actions), resources=arns, conditions=self._conditions(permission)
            )
            for permission, arns in granted
            if arns
        ]

    def environment(self, permissions: Sequence[Permission]) -> dict[str, str]:
        """The names of exactly those resources that ``permissions`` are about."""
        names = {
            **dict.fromkeys((Scope.TABLE, *LEADING_KEYS), ("DEFIB_TABLE", self.table.table_name)),
            Scope.SIGNALS_QUEUE: ("DEFIB_SIGNALS_QUEUE", self.signals.queue_url),
            Scope.ORDERS_QUEUE: ("DEFIB_ORDERS_QUEUE", self.orders.queue_url),
            Scope.SHIFT_ORDERS_QUEUE: ("DEFIB_ORDERS_QUEUE", self.orders.queue_url),
            Scope.EVIDENCE_QUEUE: ("DEFIB_EVIDENCE_QUEUE", self.evidence.queue_url),
            Scope.NOTICES_QUEUE: ("DEFIB_NOTICES_QUEUE", self.notices.queue_url),
            Scope.SET_ASIDE_QUEUES: (
                "DEFIB_SET_ASIDE_QUEUES",
                " ".join(queue.queue_url for queue in self.set_aside.queues),
            ),
            Scope.EVIDENCE_BUCKET_OBJECTS: ("DEFIB_EVIDENCE_BUCKET", self.bucket.bucket_name),
            Scope.CHAT_TOPICS: (
                "DEFIB_CHAT_TOPICS",
                ",".join(f"{name}={topic.topic_arn}" for name, topic in self.chats.items()),
            ),
            Scope.INCIDENTS_TOPIC: ("DEFIB_INCIDENTS_TOPIC", self.incidents.topic_arn),
            Scope.ALERTS_TOPIC: ("DEFIB_ALERTS_TOPIC", self.alerts.topic_arn),
            Scope.KILL_SWITCH: ("DEFIB_KILL_SWITCH", self.kill_switch.parameter_name),
        }
        used = {permission.on for permission in permissions if self._arns(permission.on)}
        found = dict(name for scope, name in names.items() if scope in used)
        if self.answers is not None and Scope.ANSWERS_SECRET in used:
            found |= {"DEFIB_ANSWERS_SECRET": self.answers.secret.secret_arn, "DEFIB_ANSWERS_URL": self.answers.url}
        found |= dict(follower_variables(used, self.followers, self.follower))
        return found if self.page is None else {**found, **dict(page_variables(self.page, used))}

    def acknowledge_wildcards(self, role: iam.Role, permissions: Sequence[Permission]) -> None:
        """Tell cdk-nag why each wildcard among the ARNs of ``permissions`` is as narrow as it can be."""
        stack = Stack.of(self.table)
        partition = "<AWS::Partition>" if Token.is_unresolved(stack.partition) else stack.partition
        region = "<AWS::Region>" if Token.is_unresolved(stack.region) else stack.region
        ours = f"{partition}:{{}}:{region}:<AWS::AccountId>"
        opted_in = "The condition on the opt-in tag narrows it; which instances carry the tag changes all the time."
        shifts = " ARC's actions are limited to load balancers by a condition." if self._shifted() else ""
        shared = f"{partition}:{{}}:{region}:*"
        lent = "Another account may share it with this one; its owner decides."
        reasons = [
            (Scope.ANY, "*", f"Reads that AWS can't limit to a resource.{shifts}"),
            (Scope.SMS_THROUGH_SNS, "*", "Reads of the account's SMS that SNS passes on; through SNS only."),
            (Scope.OPTED_IN_INSTANCES, f"arn:{ours.format('ec2')}:instance/*", opted_in),
            (Scope.STARTED_WITH, f"arn:{shared.format('license-manager')}:license-configuration:*", lent),
            (Scope.STARTED_WITH, f"arn:{shared.format('resource-groups')}:group/*", lent),
            (Scope.VOLUME_KEYS, f"arn:{shared.format('kms')}:key/*", f"For EC2's grants only. {lent}"),
            (Scope.OPTED_IN_TARGET_GROUPS, f"arn:{ours.format('elasticloadbalancing')}:targetgroup/*", opted_in),
            (Scope.OPTED_IN_GROUPS, f"arn:{ours.format('autoscaling')}:{ANY_GROUP}/*", opted_in),
            (Scope.EVIDENCE_BUCKET_OBJECTS, f"{in_nags_words(self.bucket)}/*", "Keys are named for cases to come."),
        ]
        if self.page is not None:
            named = "Its documents are named for incidents to come."
            reasons.append((Scope.PAGE_BUCKET_OBJECTS, f"{in_nags_words(self.page.files.bucket)}/*", named))
            if self.page.copy:
                copy = self.page.copy.replace(Aws.ACCOUNT_ID, "<AWS::AccountId>")
                reasons.append((Scope.PAGE_BUCKET_OBJECTS, f"arn:{partition}:s3:::{copy}/*", named))
        held = {permission.on for permission in permissions}
        for resource, reason in ((resource, reason) for scope, resource, reason in reasons if scope in held):
            acknowledge(role, f"IAM5[Resource::{resource}]", reason)

    def _conditions(self, permission: Permission) -> Mapping[str, Mapping[str, str | list[str]]]:
        if permission.on in LEADING_KEYS:
            return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": LEADING_KEYS[permission.on]}}
        if permission.on is Scope.OPERATOR_EVENTS:
            # What people answer, and no other of an operator's events.
            only_answers = {"events:source": [EVENT_SOURCE], "events:detail-type": [DETAIL_TYPE]}
            return {"ForAllValues:StringEquals": only_answers}
        if permission.on in TAGGED:
            opt_in = self.policy.opt_in
            tagged = {"StringEquals": {f"aws:ResourceTag/{opt_in.key}": opt_in.value}}
            return {**tagged, **ONLY_THE_TYPE} if permission.on is Scope.RESIZABLE_INSTANCES else tagged
        if permission.on in GUESSABLE:
            # IAM User Guide, AWS global condition context keys.
            return {"StringEquals": {"aws:ResourceAccount": Aws.ACCOUNT_ID}}
        if permission.on is Scope.SMS_THROUGH_SNS:
            return {"StringEquals": {"aws:CalledViaLast": "sns.amazonaws.com"}}
        if permission.on is Scope.VOLUME_KEYS:
            ec2 = f"ec2.{Stack.of(self.table).region}.amazonaws.com"
            return {"Bool": {"kms:GrantIsForAWSResource": "true"}, "StringEquals": {"kms:ViaService": ec2}}
        if permission.on is Scope.SUBSCRIBERS_BY_EMAIL:
            return {"StringEquals": {"sns:Protocol": "email"}}
        if permission.on is Scope.SHIFTED_LOAD_BALANCERS:
            return {"StringEquals": {"arc-zonal-shift:ResourceIdentifier": self._shifted()}}
        return {}

    def _shifted(self) -> list[str]:
        """The load balancers whose traffic Defib may shift."""
        return list(shiftable(self.policy))

    def _arns(self, scope: Scope) -> list[str]:
        match scope:
            case Scope.ANY | Scope.SMS_THROUGH_SNS | Scope.SHIFTED_LOAD_BALANCERS:
                return ["*"] if scope is not Scope.SHIFTED_LOAD_BALANCERS or self._shifted() else []
            case (
                Scope.OPTED_IN_INSTANCES
                | Scope.RESIZABLE_INSTANCES
                | Scope.OPTED_IN_TARGET_GROUPS
                | Scope.OPTED_IN_GROUPS
            ):
                return self._tagged(scope)
            case Scope.STARTED_WITH | Scope.VOLUME_KEYS:
                return self._lent(scope)
            case Scope.CONFIGURED_TARGET_GROUPS:
                return sorted({group.arn for service in self._acted_on() for group in service.target_groups})
            case (
                Scope.TABLE
                | Scope.ANSWERABLE_ITEMS
                | Scope.LINK_ITEMS
                | Scope.SUBSCRIPTIONS
                | Scope.STASHBOARD_ITEMS
                | Scope.FOLLOWER_ITEMS
            ):
                return [self.table.table_arn]
            case Scope.TABLE_INDEX:
                return [f"{self.table.table_arn}/index/{DUE_INDEX}"]
            case (
                Scope.SIGNALS_QUEUE
                | Scope.ORDERS_QUEUE
                | Scope.SHIFT_ORDERS_QUEUE
                | Scope.EVIDENCE_QUEUE
                | Scope.NOTICES_QUEUE
            ):
                return self._queues(scope)
            case Scope.SET_ASIDE_QUEUES:
                return [queue.queue_arn for queue in self.set_aside.queues]
            case Scope.EVIDENCE_BUCKET_OBJECTS:
                return [self.bucket.arn_for_objects("*")]
            case Scope.CHAT_TOPICS | Scope.INCIDENTS_TOPIC | Scope.ALERTS_TOPIC | Scope.KILL_SWITCH:
                chats = [topic.topic_arn for topic in self.chats.values()]
                return chats if scope is Scope.CHAT_TOPICS else [self._people(scope)]
            case (
                Scope.PAGE_BUCKET
                | Scope.PAGE_BUCKET_OBJECTS
                | Scope.PAGE_QUEUE
                | Scope.STASHBOARD_SECRET
                | Scope.SUBSCRIBERS_TOPIC
                | Scope.SUBSCRIBERS_BY_EMAIL
                | Scope.ANSWERS_SECRET
                | Scope.OPERATOR_EVENTS
                | Scope.OTHER_PAGE_QUEUES
                | Scope.OTHER_PAGE_QUEUE
                | Scope.OTHER_PAGE_SECRET
            ):
                return self._of_an_option(scope)
        assert_never(scope)

    def _acted_on(self) -> list[Service]:
        """The services to whose instances anything may be done, at once or after somebody's yes."""
        return [service for service in self.policy.services if service.mode is not Mode.OBSERVE]

    def _lent(self, scope: Scope) -> list[str]:
        """What an instance may have from another account, which shares it with this one."""
        keys = [("kms", "key", ArnFormat.SLASH_RESOURCE_NAME)]
        companions = [
            ("license-manager", "license-configuration", ArnFormat.COLON_RESOURCE_NAME),
            ("resource-groups", "group", ArnFormat.SLASH_RESOURCE_NAME),
        ]
        return [
            Stack.of(self.table).format_arn(
                service=service, account="*", resource=resource, resource_name="*", arn_format=form
            )
            for service, resource, form in (keys if scope is Scope.VOLUME_KEYS else companions)
        ]

    def _of_an_option(self, scope: Scope) -> list[str]:
        """What is deployed only where the policy says so."""
        if scope in (Scope.ANSWERS_SECRET, Scope.OPERATOR_EVENTS):
            if self.answers is None:
                return []
            bus = self._arn("events", "event-bus", "default")
            return [self.answers.secret.secret_arn if scope is Scope.ANSWERS_SECRET else bus]
        if scope in (Scope.OTHER_PAGE_QUEUES, Scope.OTHER_PAGE_QUEUE, Scope.OTHER_PAGE_SECRET):
            return follower_arns(scope, self.followers, self.follower)
        return [] if self.page is None else page_arns(self.page, scope)

    def _queues(self, scope: Scope) -> list[str]:
        queues = {
            Scope.SIGNALS_QUEUE: self.signals,
            Scope.ORDERS_QUEUE: self.orders,
            Scope.SHIFT_ORDERS_QUEUE: self.orders,
            Scope.EVIDENCE_QUEUE: self.evidence,
            Scope.NOTICES_QUEUE: self.notices,
        }
        return [] if scope is Scope.SHIFT_ORDERS_QUEUE and not self._shifted() else [queues[scope].queue_arn]

    def _people(self, scope: Scope) -> str:
        """Where people are told, and where they tell."""
        arns = {Scope.INCIDENTS_TOPIC: self.incidents.topic_arn, Scope.ALERTS_TOPIC: self.alerts.topic_arn}
        return arns.get(scope, self.kill_switch.parameter_arn)

    def _tagged(self, scope: Scope) -> list[str]:
        """What the condition on the opt-in tag narrows."""
        if scope is Scope.OPTED_IN_TARGET_GROUPS:
            return [self._arn("elasticloadbalancing", "targetgroup", "*")]
        if scope is Scope.OPTED_IN_GROUPS:
            return [self._arn("autoscaling", ANY_GROUP, "*")]
        if scope is Scope.RESIZABLE_INSTANCES and not any(service.fallback_types for service in self._acted_on()):
            return []
        return [self._arn("ec2", "instance", "*")]

    def _arn(self, service: str, resource: str, name: str) -> str:
        return Stack.of(self.table).format_arn(service=service, resource=resource, resource_name=name)
