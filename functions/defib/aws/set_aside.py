"""Queues that nobody uses: SQS goes on measuring them only while somebody does, and alarms ring by what it measures."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.shell.ports import try_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient

PERMISSIONS = (Permission(("sqs:GetQueueAttributes",), Scope.SET_ASIDE_QUEUES),)

EVERY = timedelta(hours=1)
"""SQS measures a queue for six hours after any action on it, reading its attributes among them, and is up to 15 minutes
late when it begins again (SQS Developer Guide, "Monitoring Amazon SQS queues using CloudWatch")."""


class SetAside:
    """The queues where messages wait for people."""

    def __init__(self, sqs: SQSClient, urls: Sequence[str]) -> None:
        self._sqs = sqs
        self._urls = urls
        self._asked: datetime | None = None

    def keep_measured(self, now: datetime) -> None:
        """Ask each for something, when this process is new and then once in ``EVERY``.

        Raises Transient or Rejected; the next call then asks again.
        """
        if self._asked is not None and now - self._asked < EVERY:
            return
        try_all(partial(self._ask, url) for url in self._urls)
        self._asked = now

    def _ask(self, url: str) -> None:
        with translated("asking for what was set aside"):
            self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
