"""What the watchtower needs of the watched stack: the names of what it reads, and its canaries' way in and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass

from aws_cdk import Duration, Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from defib.core.canary import DETAIL_TYPE, EVENT_SOURCE
from defib.publish.sns import BACK, CANARY
from infra.signals import THIS_ACCOUNT, Queue, Signals
from infra.stashboard import SUBSCRIBE_PATH

CANARY_AGE = Duration.minutes(1)
"""The next one is on its way by then."""
CANARY_ATTEMPTS = 2
FRONT = "Signals"
"""The queue on which canaries come in; what goes wrong there goes wrong with all of them."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One address that a topic of the stack is to reach."""

    topic: str
    protocol: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Door:
    """A function that people reach over HTTPS, and a request that it answers without doing anything."""

    function: str
    method: str
    url: str
    status: int
    """With which it alone answers: neither API Gateway nor another function does."""


@dataclass(frozen=True, slots=True)
class Way:
    """One that canaries go, to their end."""

    word: str
    """The queue's, or the topic's."""
    feeds: str
    after: str = ""
    """The way that it goes on from; empty where it begins at the front."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the watchtower is told of the watched stack at synth."""

    stack_name: str
    reached: tuple[Reached, ...]
    alarms: int
    ways: tuple[Way, ...] = ()
    rules: tuple[str, ...] = ()
    doors: tuple[str, ...] = ()
    """Functions that people reach over HTTPS."""

    @property
    def digest(self) -> str:
        """Another for whatever else there is to be watched. Short: all that a parameter holds is 4 KB."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


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
        doors: Sequence[Door],
        incidents: sns.Topic,
        tower: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.doors = tuple(doors)
        self._canary_rule(signals)
        seen = seen_of(stack)
        self.parameter = ssm.StringParameter(
            self,
            "Names",
            parameter_name=parameter_name(stack.stack_name),
            string_value=stack.to_json_string(
                {
                    "table": table.table_name,
                    "topics": {_name(topic): topic.ref for topic in _topics(stack)},
                    "page": page,
                    "rules": {_name(rule): rule.ref for rule in _rules(stack)},
                    "doors": [asdict(door) for door in doors],
                    "seen": seen.digest,
                    "tower": tower,
                }
            ),
            description="What the watchtower looks at is called so. Made by the deploy; not to be edited.",
        )
        incidents.add_subscription(
            subscriptions.SqsSubscription(
                signals.signals.queue,
                raw_message_delivery=True,
                filter_policy={"notice": sns.SubscriptionFilter.string_filter(allowlist=[CANARY])},
            )
        )

    def _canary_rule(self, signals: Signals) -> None:
        events.Rule(
            self,
            "CanaryRule",
            description="Canaries of the watchtower; whoever may put such events can only pretend that it lives",
            event_pattern=events.EventPattern(account=THIS_ACCOUNT, source=[EVENT_SOURCE], detail_type=[DETAIL_TYPE]),
            targets=[
                # No dead-letter queue: a canary that is lost is missed by whoever sent it, and of no use later.
                targets.SqsQueue(signals.signals.queue, max_event_age=CANARY_AGE, retry_attempts=CANARY_ATTEMPTS)
            ],
        )


def seen_of(stack: Stack) -> Seen:
    """What there is to be watched in ``stack``, with all its parts made."""
    watched = next(part for part in stack.node.find_all() if isinstance(part, Watched))
    return Seen(
        stack.stack_name,
        reached(stack),
        alarms_about_itself(stack),
        ways(stack),
        rules(stack),
        tuple(door.function for door in watched.doors),
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


def ways(stack: Stack) -> tuple[Way, ...]:
    """Every way of a canary: each queue but the first, and the topic by which it comes back."""
    queues = [queue for queue in stack.node.find_all() if isinstance(queue, Queue)]
    words = {queue.node.id.lower(): queue.feeds for queue in queues if queue.node.id != FRONT}
    return (*(Way(word, feeds, _after(word)) for word, feeds in words.items()), Way(BACK, "diagnose", "notices"))


def _after(word: str) -> str:
    return "turns" if word.startswith("turns-") else ""


def rules(stack: Stack) -> tuple[str, ...]:
    """Every rule that brings events in, by the name that the stack gives it."""
    return tuple(_name(rule) for rule in _rules(stack))


def doors(functions: Collection[str], answers: str, page: str) -> Iterator[Door]:
    """Those of ``functions`` that people reach over HTTPS; besides, the addresses of the two APIs."""
    for door in (
        # Of a method that no link knows, so that none is looked up.
        Door("answer", "PUT", f"{answers}/a/watchtower", 405),
        Door("stashboard", "GET", f"{page}/api/v1/levels", 200),
        # A form that holds nothing, not even that it is one.
        Door("subscribe", "POST", f"{page}{SUBSCRIBE_PATH}", 415),
    ):
        if door.function in functions:
            yield door


def alarms_about_itself(stack: Stack) -> int:
    """How many alarms the stack has about itself."""
    return sum(
        isinstance(alarm, cloudwatch.CfnAlarm) and "/Watch/" in alarm.node.path for alarm in stack.node.find_all()
    )


def _topics(stack: Stack) -> Iterator[sns.CfnTopic]:
    return (topic for topic in stack.node.find_all() if isinstance(topic, sns.CfnTopic))


def _rules(stack: Stack) -> Iterator[events.CfnRule]:
    return (rule for rule in stack.node.find_all() if isinstance(rule, events.CfnRule))


def _name(part: Construct) -> str:
    scope = part.node.scope
    assert scope is not None
    return scope.node.id
