"""The queues between the functions, and the EventBridge rules that feed the first of them."""

from __future__ import annotations

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from defib.core.asking import DETAIL_TYPE, DRILL_TYPE, EVENT_SOURCE
from infra.functions import SHAPES, Shape
from infra.set_aside import SetAside

RECEIVES = 5
"""How often a message is received before it goes to the dead-letter queue.

An invocation that Lambda throttles counts, too: while others use up the account's concurrency nothing should be set
aside at once (Lambda Developer Guide, Handling errors for an SQS event source: at least 5).
"""

RECEIVES_IN_ORDER = 4
"""The same of a FIFO queue, where others wait behind it, and whose messages the sweep sends again from the table.

The second follows the first so soon (``defib.handlers.batch.RETRY_AFTER``) that both may meet the same fault.
"""

EVENT_AGE = Duration.minutes(15)
"""A repair begun from an older event would rest on a state of affairs long gone; the sweep has found it by then."""

EVENT_ATTEMPTS = 10

THIS_ACCOUNT = [Aws.ACCOUNT_ID]
"""Whose events are heard. A bus may take those of other accounts too, such as one that collects an organization's:
whoever may put events there must not answer here, and instances there are none of Defib's. An event names the account
that it comes from (EventBridge User Guide, "Sending and receiving events between AWS accounts")."""


class Queue(Construct):
    """A queue that feeds one function; what that function can't digest is set aside."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        feeds: str,
        set_aside: SetAside,
        kept_for: Duration,
        in_order: bool = False,
        wakes: bool = False,
        shape: Shape | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        fifo = True if in_order else None
        receives = RECEIVES_IN_ORDER if in_order else RECEIVES
        self.feeds = feeds
        self.wakes = wakes
        """Whether messages wait in it by intent, to wake somebody later."""
        self.shape = shape or SHAPES[feeds]
        self.queue = sqs.Queue(
            self,
            "Queue",
            fifo=fifo,
            # EventBridge gives its messages no id of their own to a FIFO queue (User Guide, Amazon SQS targets).
            content_based_deduplication=fifo,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=kept_for,
            # A function that dies holds its message this long: just over its own timeout, so that a retry comes soon.
            # It may run beside the one believed dead; claims in the table make that harmless.
            visibility_timeout=Duration.seconds(self.shape.timeout_s + 10),
            dead_letter_queue=sqs.DeadLetterQueue(queue=set_aside.of(in_order=in_order), max_receive_count=receives),
        )


class Signals(Construct):
    """Every way in and onward: four queues, and the rules that turn AWS events into signals."""

    def __init__(self, scope: Construct, construct_id: str, *, set_aside: SetAside) -> None:
        super().__init__(scope, construct_id)
        # What waits longer than an hour is about a world that is gone; the table and the sweep know what is still due.
        an_hour, a_day = Duration.hours(1), Duration.days(1)
        # What people say, and AWS Health of an issue, stands nowhere else, and SQS deletes what is older for good (SQS
        # API, SetQueueAttributes, MessageRetentionPeriod): what breaks diagnose at night is mended in the morning.
        self.signals = Queue(self, "Signals", feeds="diagnose", set_aside=set_aside, kept_for=a_day, wakes=True)
        self.orders = Queue(self, "Orders", feeds="remediate", set_aside=set_aside, kept_for=an_hour)
        self.evidence = Queue(self, "Evidence", feeds="evidence", set_aside=set_aside, kept_for=an_hour)
        self.notices = Queue(self, "Notices", feeds="publish", set_aside=set_aside, kept_for=a_day, in_order=True)
        for rule_id, description, pattern in _patterns(Stack.of(self).stack_name):
            events.Rule(
                self,
                rule_id,
                description=description,
                event_pattern=pattern,
                targets=[
                    targets.SqsQueue(
                        self.signals.queue,
                        dead_letter_queue=set_aside.undelivered,
                        max_event_age=EVENT_AGE,
                        retry_attempts=EVENT_ATTEMPTS,
                    )
                ],
            )

    @property
    def queues(self) -> tuple[Queue, ...]:
        return (self.signals, self.orders, self.evidence, self.notices)


Rule = tuple[str, str, events.EventPattern]
"""Id, description and pattern."""


def _patterns(stack_name: str) -> tuple[Rule, ...]:
    """Shapes from the EventBridge events reference."""
    asked = events.EventPattern(account=THIS_ACCOUNT, source=[EVENT_SOURCE], detail_type=[DETAIL_TYPE, DRILL_TYPE])
    answers = "What people say when Defib asks, and when they want a drill; whoever may put such events may do so"
    return (*_of_alarms(stack_name), *_of_instances(), ("ApprovalRule", answers, asked))


def _of_alarms(stack_name: str) -> tuple[Rule, ...]:
    """Alarm events name their metrics inside a list, where not every matcher looks, so no pattern asks for them:
    ``diagnose`` drops those that name neither an instance nor a target group.
    """
    alarm_states = {"state": {"value": ["ALARM", "OK"]}}
    # Alarms about Defib itself tell people. Were they signals too, a failing diagnose would feed itself.
    not_our_own = {"alarmName": [{"anything-but": {"prefix": f"{stack_name}-Watch"}}]}
    return (
        (
            "AlarmRule",
            "Alarms on one instance or one target group",
            events.EventPattern(
                account=THIS_ACCOUNT,
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                detail={**alarm_states, **not_our_own},
            ),
        ),
        (
            "ContributorRule",
            "Instances within a fleet alarm",
            events.EventPattern(
                account=THIS_ACCOUNT,
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm Contributor State Change"],
                detail={**alarm_states, "alarmContributor": {"attributes": {"InstanceId": [{"prefix": "i-"}]}}},
            ),
        ),
    )


def _of_instances() -> tuple[Rule, ...]:
    return (
        (
            "StateRule",
            "Instances that stop, start or end",
            events.EventPattern(
                account=THIS_ACCOUNT,
                source=["aws.ec2"],
                detail_type=["EC2 Instance State-change Notification"],
                # Not pending: running or terminated follows, and the sweep finds what stays pending.
                detail={"state": ["running", "stopping", "stopped", "shutting-down", "terminated"]},
            ),
        ),
        (
            "HealthRule",
            "What AWS says of instances: faults, and planned maintenance or retirement",
            events.EventPattern(
                account=THIS_ACCOUNT,
                source=["aws.health"],
                detail_type=["AWS Health Event"],
                detail={"service": ["EC2"], "eventTypeCategory": ["issue", "scheduledChange"]},
            ),
        ),
    )
