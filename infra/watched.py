"""What the watchtower needs of the watched stack: the names of what it reads, and a way in for its canaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import Duration, Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from defib.core.canary import DETAIL_TYPE, EVENT_SOURCE
from infra.signals import Signals

CANARY_AGE = Duration.minutes(1)
"""The next one is on its way by then."""
CANARY_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Reached:
    """One address that a topic of the stack is to reach."""

    topic: str
    protocol: str
    endpoint: str


class Watched(Construct):
    """A parameter with a name that both stacks know; names of their own would keep resources from being replaced."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        signals: Signals,
        table: dynamodb.TableV2,
        page: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.parameter = ssm.StringParameter(
            self,
            "Names",
            parameter_name=parameter_name(stack.stack_name),
            string_value=stack.to_json_string(
                {
                    "table": table.table_name,
                    "topics": {_name(topic): topic.ref for topic in _topics(stack)},
                    "page": page,
                }
            ),
            description="What the watchtower looks at is called so. Made by the deploy; not to be edited.",
        )
        events.Rule(
            self,
            "CanaryRule",
            description="Canaries of the watchtower; whoever may put such events can only pretend that it lives",
            event_pattern=events.EventPattern(source=[EVENT_SOURCE], detail_type=[DETAIL_TYPE]),
            targets=[
                # No dead-letter queue: a canary that is lost is missed by whoever sent it, and of no use later.
                targets.SqsQueue(signals.signals.queue, max_event_age=CANARY_AGE, retry_attempts=CANARY_ATTEMPTS)
            ],
        )


def parameter_name(stack_name: str) -> str:
    """Where the stack of that name says what its resources are called."""
    return f"/defib/{stack_name}/watched"


def reached(stack: Stack) -> tuple[Reached, ...]:
    """Every address that a topic of ``stack`` is subscribed by, as far as synth knows it."""
    topics = {stack.resolve(topic.ref)["Ref"]: _name(topic) for topic in _topics(stack)}
    found = set()
    for subscription in stack.node.find_all():
        if isinstance(subscription, sns.CfnSubscription) and not Token.is_unresolved(subscription.endpoint):
            topic = topics[stack.resolve(subscription.topic_arn)["Ref"]]
            found.add((topic, subscription.protocol, str(subscription.endpoint)))
    return tuple(Reached(*entry) for entry in sorted(found))


def alarms_about_itself(stack: Stack) -> int:
    """How many alarms the stack has about itself."""
    return sum(
        isinstance(alarm, cloudwatch.CfnAlarm) and "/Watch/" in alarm.node.path for alarm in stack.node.find_all()
    )


def _topics(stack: Stack) -> Iterator[sns.CfnTopic]:
    return (topic for topic in stack.node.find_all() if isinstance(topic, sns.CfnTopic))


def _name(topic: sns.CfnTopic) -> str:
    scope = topic.node.scope
    assert scope is not None
    return scope.node.id
