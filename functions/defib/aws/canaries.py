"""The queues on which a canary goes on: one message on each, in an order of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import union
from defib.aws.queues import TO_HANDS, TO_NOTICES, TO_OTHER_PAGES, TO_PAGE
from defib.aws.wire import encode
from defib.core.canary import Canary
from defib.core.frozen import replace
from defib.shell.ports import Rejected, Transient, Unanswered

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

PERMISSIONS = union(TO_HANDS, TO_NOTICES, TO_PAGE, TO_OTHER_PAGES)

CANARIES = "canary"
"""The message group of the canaries; those of incidents end in a number."""
IN_ORDER = ".fifo"
"""How the name of such a queue ends (SQS API, CreateQueue)."""


class SqsOnward:
    """Keeps the promise of ``shell.canary.Onward``. ``queues`` gives the URL of each by its word."""

    def __init__(self, sqs: SQSClient, queues: Mapping[str, str]) -> None:
        self._sqs = sqs
        self._queues = queues

    def canary(self, canary: Canary) -> None:
        failed: list[Transient | Rejected] = []
        for word, url in self._queues.items():
            try:
                with translated(f"putting a canary on the queue {word}"):
                    self._send(url, replace(canary, by=word))
            except Unanswered:
                # The others are queues of the same service: to wait for each would outlast the function.
                raise
            except (Transient, Rejected) as error:
                failed.append(error)
        if failed:
            raise failed[0]

    def _send(self, url: str, canary: Canary) -> None:
        if not url.endswith(IN_ORDER):
            self._sqs.send_message(QueueUrl=url, MessageBody=encode(canary))
            return
        self._sqs.send_message(
            QueueUrl=url,
            MessageBody=encode(canary),
            MessageGroupId=CANARIES,
            MessageDeduplicationId=f"{CANARIES}-{canary.sent_at.isoformat()}",
        )
