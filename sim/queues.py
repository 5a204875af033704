"""The simulated SQS and its event source mappings: moto keeps the messages, this polls them as Lambda does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import boto3
from moto.sqs.models import Message, SQSBackend, sqs_backends

from sim.boundary import Boundary, Params, Response
from sim.breakdowns import Breakdowns
from sim.chain import NEW, Chain, joined
from sim.clock import SimulatorGap, VirtualTime
from sim.functions import Lambda, Outcome
from sim.iam import Request, allowed_by
from sim.ledger import Ledger
from sim.machinery import MachineryKind
from sim.template import ACCOUNT
from sim.wiring import Poll, Queue, Wiring

POLL_LATENCY = timedelta(milliseconds=25)
"""From a message's becoming visible to Lambda's long poll returning it."""
COUNTED_RECEIVES = 3
GRACE = timedelta(milliseconds=2)
"""Moto makes a message visible only after, not at, the end of its visibility timeout."""
DEDUPLICATED_FOR = timedelta(minutes=5)
"""SQS FIFO (Developer Guide, Exactly-once processing)."""
MEASURED_FOR = timedelta(hours=6)
"""After any action on a queue (SQS Developer Guide, "Monitoring Amazon SQS queues using CloudWatch")."""
POLLING_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
"""What Lambda needs of a function's role to poll for it (Lambda Developer Guide, Using Lambda with Amazon SQS)."""


class Queues:
    """All queues of the template, with the functions they feed."""

    def __init__(
        self,
        time: VirtualTime,
        wiring: Wiring,
        functions: Lambda,
        ledger: Ledger,
        boundary: Boundary,
        breakdowns: Breakdowns,
    ) -> None:
        self._time = time
        self._wiring = wiring
        self._functions = functions
        self._ledger = ledger
        self._breakdowns = breakdowns
        self._polls = {poll.queue_arn: poll for poll in wiring.polls}
        self._in_flight: dict[str, int] = {}
        self._chains: dict[str, Chain] = {}
        """What led to each message, by its id."""
        self._once: dict[tuple[str, str | None], tuple[str, datetime]] = {}
        """What was sent to a queue, by its URL, under an id that counts once, and when."""
        self._used: dict[str, datetime] = {}
        """When something was last done with a queue that nobody polls, by its name."""
        self._held: dict[str, int] = {}
        """How much was on it then."""
        self._create()
        for poll in wiring.polls:
            self._check_role(poll)
        breakdowns.when_over((MachineryKind.QUEUE_LATE, MachineryKind.REGION_DARK), self._look_at_all)
        boundary.answer("sqs:SendMessage", self._known)
        boundary.amend("sqs:SendMessage", self._sent)
        boundary.amend("sqs:SendMessageBatch", self._sent_batch)
        boundary.amend("sqs:ChangeMessageVisibility", self._put_off)
        boundary.amend("sqs:GetQueueAttributes", self._asked)

    def put(self, queue_arn: str, body: str, sender: str, source_arn: str, group: str = "", chain: Chain = NEW) -> None:
        """An AWS service puts a message on a queue, if the queue's own policy lets it."""
        queue = self._wiring.queue_by_arn(queue_arn)
        context = {"aws:SourceArn": (source_arn,), "aws:SourceAccount": (ACCOUNT,), "aws:SecureTransport": ("true",)}
        statements = [s for s in queue.policy if sender in s.principals or s.effect == "Deny"]
        if allowed_by(sender, statements, Request("sqs:SendMessage", queue_arn, context)) is None:
            self._ledger.deny(f"{sender}: sqs:SendMessage on {queue_arn} (queue policy)")
            return
        if group and self._came(queue, body):
            return
        message = self._moto(queue).send_message(queue.name, body, group_id=group or None)
        self._chains[message.id] = chain
        self._look(queue, timedelta(0))

    def _came(self, queue: Queue, body: str) -> bool:
        """Whether the same was put on it within five minutes: AWS's services give messages no id that counts once, so
        that the content does (SQS Developer Guide, Exactly-once processing).
        """
        known, since = self._once.get((queue.url, body), ("", self._time.now))
        if known and self._time.now - since < DEDUPLICATED_FOR:
            return True
        self._once[queue.url, body] = body, self._time.now
        return False

    def dead_letters(self) -> Mapping[str, int]:
        """How many messages lie in each dead-letter queue, by queue name."""
        unread = [q for q in self._wiring.queues if q.arn not in self._polls]
        return {queue.name: len(self._moto(queue).get_queue(queue.name).messages) for queue in unread}

    def measured(self) -> Iterator[Queue]:
        """Those that SQS measures now: they are polled, or something was done with them in the last six hours.

        Measures begin again at once; AWS's may be 15 minutes late.
        """
        for queue in self._wiring.queues:
            held = len(self._moto(queue).get_queue(queue.name)._messages)  # noqa: SLF001  # moto offers none with those in flight
            if held != self._held.get(queue.name, 0):
                self._held[queue.name], self._used[queue.name] = held, self._time.now
            if queue.arn in self._polls or self._time.now - self._used[queue.name] <= MEASURED_FOR:
                yield queue

    def visible(self, name: str) -> int:
        """SQS's ApproximateNumberOfMessagesVisible."""
        queue = self._named(name)
        return self._moto(queue).get_queue(name).approximate_number_of_messages

    def oldest(self, name: str) -> float:
        """SQS's ApproximateAgeOfOldestMessage, in seconds: of what waits, is put off, or is being worked on.

        A message that was received more than three times counts no more (SQS Developer Guide, "Available CloudWatch
        metrics").
        """
        queue = self._named(name)
        kept = self._moto(queue).get_queue(name)._messages  # noqa: SLF001  # moto offers none with those in flight
        sent = [_sent_at(m) for m in kept if m.approximate_receive_count <= COUNTED_RECEIVES]
        return self._time.now.timestamp() - min(sent) if sent else 0.0

    def busy(self) -> bool:
        """Whether any message is waiting to be delivered or being worked on."""
        polled = [self._wiring.queue_by_arn(arn) for arn in self._polls]
        return any(self._moto(q).get_queue(q.name)._messages for q in polled)  # noqa: SLF001  # moto offers no count with delayed messages

    def _moto(self, queue: Queue) -> SQSBackend:
        return sqs_backends[ACCOUNT][queue.region]

    def _named(self, name: str) -> Queue:
        return next(q for q in self._wiring.queues if q.name == name)

    def _create(self) -> None:
        # A queue must exist before another may name it as its dead-letter queue.
        for queue in sorted(self._wiring.queues, key=lambda q: q.dead_letters_to is not None):
            client = boto3.client("sqs", region_name=queue.region)
            client.create_queue(QueueName=queue.name, Attributes=dict(queue.attributes))  # type: ignore[arg-type]  # names come from the template
            self._used[queue.name] = self._time.now

    def _check_role(self, poll: Poll) -> None:
        function = self._wiring.function(poll.function_name)
        for action in POLLING_ACTIONS:
            grant = allowed_by(function.word, function.statements, Request(action, poll.queue_arn, {}))
            if grant is None:
                self._ledger.deny(f"{function.word}: {action} on {poll.queue_arn} (event source mapping)")
            else:
                self._ledger.use(grant)
        queue = self._wiring.queue_by_arn(poll.queue_arn)
        if queue.visibility < function.timeout:
            raise SimulatorGap(
                f"{queue.name} hides messages for less than the timeout of {function.name}: AWS refuses that"
            )

    def _known(self, params: Params) -> Response | None:
        """SQS takes what was sent in the last five minutes, and does nothing with it, though it has been dealt with.

        Moto forgets it then. (SQS Developer Guide, Using the message deduplication ID.)
        """
        once = params.get("MessageDeduplicationId")
        id_, sent = self._once.get((params["QueueUrl"], once), ("", self._time.now))
        return {"MessageId": id_} if id_ and self._time.now - sent < DEDUPLICATED_FOR else None

    def _sent(self, params: Params, answer: Response) -> None:
        once = params.get("MessageDeduplicationId")
        if once and self._known(params) is None:
            self._once[params["QueueUrl"], once] = answer["MessageId"], self._time.now
        self._chains[answer["MessageId"]] = self._functions.chain()
        self._look(self._by_url(params["QueueUrl"]), timedelta(seconds=params.get("DelaySeconds", 0)))

    def _sent_batch(self, params: Params, answer: Response) -> None:
        queue, chain = self._by_url(params["QueueUrl"]), self._functions.chain()
        self._chains |= {sent["MessageId"]: chain for sent in answer.get("Successful", ())}
        for delay in {entry.get("DelaySeconds", 0) for entry in params["Entries"]}:
            self._look(queue, timedelta(seconds=delay))

    def _put_off(self, params: Params, _: Response) -> None:
        self._look(self._by_url(params["QueueUrl"]), timedelta(seconds=params["VisibilityTimeout"]) + GRACE)

    def _asked(self, params: Params, _: Response) -> None:
        self._used[self._by_url(params["QueueUrl"]).name] = self._time.now

    def _by_url(self, url: str) -> Queue:
        return next(q for q in self._wiring.queues if q.url == url)

    def _look_at_all(self) -> None:
        for arn in self._polls:
            self._look(self._wiring.queue_by_arn(arn), timedelta(0))

    def _look(self, queue: Queue, delay: timedelta) -> None:
        poll = self._polls.get(queue.arn)
        if poll is not None:
            self._time.after(delay + POLL_LATENCY, lambda: self._poll(poll, queue))

    def _poll(self, poll: Poll, queue: Queue) -> None:
        function = self._wiring.function(poll.function_name)
        flying = self._in_flight.get(queue.arn, 0)
        if not self._functions.has_room(function) or (poll.concurrency is not None and flying >= poll.concurrency):
            return  # an invocation that ends looks again
        if self._breakdowns.holds(queue):
            return  # the end of the trouble looks again
        hidden = int(queue.visibility.total_seconds())
        messages = self._moto(queue).receive_message(queue.name, poll.batch_size, 0, hidden)
        if not messages:
            return
        # What Lambda has received it can't give back: what is not dealt with comes again when it is visible again.
        self._time.after(queue.visibility + GRACE, lambda: self._poll(poll, queue))
        if self._functions.throttles(function):
            return
        chain = joined(self._chains.get(message.id, NEW) for message in messages)
        if not self._functions.drops(function, chain):
            self._in_flight[queue.arn] = flying + 1
            event = {"Records": [_record(message, queue) for message in messages]}
            self._functions.invoke(function, event, lambda outcome: self._settle(poll, queue, messages, outcome), chain)
        self._time.after(timedelta(0), lambda: self._poll(poll, queue))

    def _settle(self, poll: Poll, queue: Queue, messages: Sequence[Message], outcome: Outcome) -> None:
        self._in_flight[queue.arn] -= 1
        failed = {m.id for m in messages} if outcome.error else _failed(poll, outcome.returned, messages)
        for message in messages:
            if message.id not in failed:
                assert message.receipt_handle is not None
                self._moto(queue).delete_message(queue.name, message.receipt_handle)
                self._double(queue, message, self._chains.pop(message.id, NEW))
        self._poll(poll, queue)

    def _double(self, queue: Queue, message: Message, chain: Chain) -> None:
        """SQS delivers at least once: now and then, once more."""
        late = self._breakdowns.doubles(queue)
        if late is None:
            return

        def again() -> None:
            double = self._moto(queue).send_message(
                queue.name, message.body, group_id=message.group_id, deduplication_id=f"again-{message.id}"
            )
            self._chains[double.id] = chain
            self._look(queue, timedelta(0))

        self._time.after(late, again)


def _failed(poll: Poll, returned: Any, messages: Sequence[Message]) -> set[str]:
    """The messages that a partial batch response leaves on the queue."""
    if not poll.reports_failures or not returned:
        return set()
    ids = {str(failure["itemIdentifier"]) for failure in returned.get("batchItemFailures", ())}
    known = {m.id for m in messages}
    # An identifier that Lambda does not know fails the whole batch (Developer Guide, partial batch responses).
    return min(ids, known)


def _sent_at(message: Message) -> float:
    """Seconds since the epoch."""
    sent: float | None = message.sent_timestamp
    return (sent or 0) / 1000


def _record(message: Message, queue: Queue) -> dict[str, Any]:
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if message.group_id is not None:
        attributes |= {
            "MessageGroupId": message.group_id,
            "MessageDeduplicationId": str(message.deduplication_id),
            "SequenceNumber": str(message.sequence_number),
        }
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": queue.region,
    }
