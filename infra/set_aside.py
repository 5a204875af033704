"""Where messages wait for people: three queues with an alarm each, however many queues they come from.

A dead-letter queue must be of the kind of its sources, so there are two. SQS knows which source each message came from,
and moves it back there (SQS API, StartMessageMoveTask). What never was on a queue it can't move, so that waits apart.
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledgments import acknowledge

KEPT_FOR = Duration.days(14)
"""The longest that SQS keeps anything."""


class SetAside(Construct):
    """What no function could deal with, and what EventBridge or SNS could not hand over."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = _queue(self, "DeadLetters")
        """Of all queues without an order."""
        self.ordered = _queue(self, "OrderedDeadLetters", in_order=True)
        """Of all queues that keep an order."""
        self.undelivered = _queue(self, "Undelivered")
        """Events and sweeps that reached neither queue nor function, and notices that a machine did not take."""
        acknowledge(self.undelivered, "SQS3", "It is the dead-letter queue of rules, the schedule and subscriptions.")

    @property
    def queues(self) -> tuple[sqs.Queue, ...]:
        return (self.dead_letters, self.ordered, self.undelivered)

    def of(self, *, in_order: bool) -> sqs.Queue:
        """The dead-letter queue of a queue that keeps an order, or none."""
        return self.ordered if in_order else self.dead_letters


def _queue(scope: Construct, construct_id: str, *, in_order: bool = False) -> sqs.Queue:
    return sqs.Queue(
        scope,
        construct_id,
        fifo=True if in_order else None,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=KEPT_FOR,
    )
