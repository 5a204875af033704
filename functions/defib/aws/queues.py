"""The way onward: Defib's SQS queues. A queue without a URL is one that this function may not send to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from defib.aws.errors import for_code, translated
from defib.aws.permission import Permission, Scope, union
from defib.aws.wire import DigestDue, Turn, Untold, encode, reference
from defib.core.case import Action
from defib.core.effect import Perform, Wake
from defib.core.frozen import dataclass
from defib.core.incident import Notice
from defib.core.model import Signal, Source, TargetGroupSignal
from defib.core.rationing import spread
from defib.core.resend import number_of
from defib.core.shift import ShiftOrder
from defib.shell.ports import Transient, try_all

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef, SendMessageBatchRequestEntryTypeDef

TO_SIGNALS = (Permission(("sqs:SendMessage",), Scope.SIGNALS_QUEUE),)
TO_HANDS = (
    Permission(("sqs:SendMessage",), Scope.EVIDENCE_QUEUE),
    Permission(("sqs:SendMessage",), Scope.ORDERS_QUEUE),
)
TO_PAGE = (Permission(("sqs:SendMessage",), Scope.PAGE_QUEUE),)
TO_OTHER_PAGES = (Permission(("sqs:SendMessage",), Scope.OTHER_PAGE_QUEUES),)
TO_ITSELF = (Permission(("sqs:SendMessage",), Scope.OTHER_PAGE_QUEUE),)
"""For whoever tells another page, and asks for another turn."""
TO_NOTICES = (Permission(("sqs:SendMessage",), Scope.NOTICES_QUEUE),)
TO_PUBLISH_LATER = (Permission(("sqs:SendMessage", "sqs:ChangeMessageVisibility"), Scope.NOTICES_QUEUE),)
"""For whoever publishes, and asks to be called again a little later."""
TO_SHIFT = (Permission(("sqs:SendMessage",), Scope.SHIFT_ORDERS_QUEUE),)
"""For whoever orders nothing but zonal shifts."""
DECIDING = union(TO_SIGNALS, TO_HANDS, TO_NOTICES, TO_PAGE)
PERMISSIONS = union(DECIDING, TO_SHIFT, TO_OTHER_PAGES, TO_ITSELF, TO_PUBLISH_LATER)

DIGESTS = "DIGEST"
"""How the message groups of digests begin; an incident's id has no capitals. Each is a group of its own: one that is
put off, or fails, holds up no other."""

PUT_OFF_MOST = timedelta(minutes=1)
"""How long a digest waits on its queue; what is due later the sweep finds when its time has come. Well below the age at
which people are told that a queue falls behind (infra/watch.py)."""

BATCH = 10
DELAY_MAX_S = 900
"""Messages in one SendMessageBatch, and DelaySeconds (SQS API)."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Queue URLs; empty for those that this function may not send to."""

    signals: str = ""
    orders: str = ""
    evidence: str = ""
    notices: str = ""
    page: str = ""
    """Empty, too, where there is no status page."""
    elsewhere: tuple[str, ...] = ()
    """Those of the pages that follow this one."""


class SqsQueues:
    """Keeps the promises of ``ports.Queues``. Raises Transient or Rejected."""

    def __init__(self, sqs: SQSClient, to: Addresses) -> None:
        self._sqs = sqs
        self._to = to

    def signal(self, signals: Sequence[Signal]) -> None:
        self._send_in_batches((encode(signal), _delay(number)) for number, signal in enumerate(signals))

    def ask(self, questions: Sequence[TargetGroupSignal], now: datetime) -> None:
        self._send_in_batches((encode(question), _seconds(question.at - now)) for question in questions)

    def perform(self, effect: Perform) -> None:
        url = self._to.evidence if effect.action is Action.EVIDENCE else self._to.orders
        with translated(f"ordering {effect.action} of {effect.case_id}"):
            self._sqs.send_message(QueueUrl=url, MessageBody=encode(effect))

    def wake(self, effect: Wake, now: datetime) -> None:
        delay = _seconds(effect.at - now)
        signal = Signal(Source.WAKE, effect.instance_id, effect.at, "time to look again")
        with translated(f"asking to be woken for {effect.instance_id}"):
            self._sqs.send_message(QueueUrl=self._to.signals, MessageBody=encode(signal), DelaySeconds=delay)

    def shift(self, order: ShiftOrder) -> None:
        with translated(f"ordering the zonal shift of {order.load_balancer}"):
            self._sqs.send_message(QueueUrl=self._to.orders, MessageBody=encode(order))

    def follow(self, change: str) -> None:
        if not self._to.page:
            return
        with translated("telling the page to follow"):
            self._sqs.send_message(
                QueueUrl=self._to.page,
                MessageBody=encode(Turn(change)),
                # A group of its own: a turn that fails, or hangs, holds up none that comes after it. Two at once are
                # kept apart by the versions that they write (core/page/model.py, publish/page/site.py).
                MessageGroupId=change,
                MessageDeduplicationId=change,
            )

    def hand_on(self, change: str) -> None:
        try_all(partial(self._hand_on, change, url) for url in self._to.elsewhere)

    def _hand_on(self, change: str, url: str) -> None:
        with translated("telling another page to follow"):
            self._sqs.send_message(QueueUrl=url, MessageBody=encode(Turn(change)))

    def again(self, after: timedelta) -> None:
        delay = _seconds(after)
        with translated("asking for another turn"):
            for url in self._to.elsewhere:
                self._sqs.send_message(QueueUrl=url, MessageBody=encode(Turn("again")), DelaySeconds=delay)

    def digest(self, contact: str, at: datetime, now: datetime) -> None:
        if at - now > PUT_OFF_MOST:
            return
        due = f"{DIGESTS}-{contact}-{at.isoformat()}"
        with translated(f"asking to sum up what waits for {contact}"):
            self._sqs.send_message(
                QueueUrl=self._to.notices,
                MessageBody=encode(DigestDue(contact, at)),
                MessageGroupId=due,
                MessageDeduplicationId=due,
            )

    def alone(self, notice: Notice, way: str, now: datetime) -> None:
        # Of an incident and a way: it holds up nothing else of the incident, and nothing else that goes that way.
        group = f"{notice.incident_id}@{way.replace(' ', '@')}"
        with translated(f"handing notice {notice.incident_id}-{notice.sequence} to publish, for {way} alone"):
            self._sqs.send_message(
                QueueUrl=self._to.notices,
                MessageBody=encode(Untold(notice.incident_id, notice.sequence, way)),
                MessageGroupId=group,
                MessageDeduplicationId=f"{group}-{notice.sequence}+{number_of(notice, now)}",
            )

    def put_off(self, receipt: str, by: timedelta) -> None:
        """Have the received message of the notices queue come again in so long.

        A FIFO queue delays no single message, but hides it from whoever has received it (SQS API,
        ChangeMessageVisibility).
        """
        # Rounded up: before its time it would be put off once more, and a message has few receives.
        hidden = max(math.ceil(by.total_seconds()), 0)
        with translated("putting off a digest"):
            self._sqs.change_message_visibility(
                QueueUrl=self._to.notices, ReceiptHandle=receipt, VisibilityTimeout=hidden
            )

    def announce(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self._announce(notice, 0)

    def announce_again(self, notices: Sequence[Notice], now: datetime) -> None:
        for notice in notices:
            self._announce(notice, number_of(notice, now))

    def _announce(self, notice: Notice, number: int) -> None:
        """One by one: were the first of a batch refused, the second would overtake it."""
        with translated(f"handing notice {notice.incident_id}-{notice.sequence} to publish"):
            self._sqs.send_message(
                QueueUrl=self._to.notices,
                MessageBody=encode(reference(notice)),
                MessageGroupId=notice.incident_id,
                MessageDeduplicationId=f"{notice.incident_id}-{notice.sequence}+{number}",
            )

    def _send_in_batches(self, delayed: Iterable[tuple[str, int]]) -> None:
        """Send each message to ``diagnose``, so many seconds later. A batch that is refused holds up no other."""
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number % BATCH), "MessageBody": body, "DelaySeconds": delay}
            for number, (body, delay) in enumerate(delayed)
        ]
        starts = range(0, len(entries), BATCH)
        try_all(partial(self._send_all, self._to.signals, entries[start : start + BATCH]) for start in starts)

    def _send_all(self, url: str, entries: list[SendMessageBatchRequestEntryTypeDef]) -> None:
        """A batch may be refused in part: what was refused for a passing reason is sent once more."""
        refused = self._send(url, entries)
        if not refused:
            return
        again = {failure["Id"] for failure in refused if not failure["SenderFault"]}
        refused = [failure for failure in refused if failure["SenderFault"]]
        if again:
            refused += self._send(url, [entry for entry in entries if entry["Id"] in again])
        if refused:
            first = refused[0]
            message = f"{len(refused)} of {len(entries)} signals not sent: {first['Code']}: {first.get('Message', '')}"
            raise for_code(first["Code"], message) if first["SenderFault"] else Transient(message, first["Code"])

    def _send(self, url: str, entries: list[SendMessageBatchRequestEntryTypeDef]) -> list[BatchResultErrorEntryTypeDef]:
        with translated("sending signals"):
            return self._sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])


def _delay(number: int) -> int:
    """Seconds by which the signal of that number comes later than the first: hundreds at once hold up all others."""
    return _seconds(spread(number))


def _seconds(delay: timedelta) -> int:
    """DelaySeconds, rounded up: a look before the time would find nothing due."""
    return min(max(math.ceil(delay.total_seconds()), 0), DELAY_MAX_S)
