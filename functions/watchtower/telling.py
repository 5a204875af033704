"""Out of the watchtower: one topic of its own, and the ping to whoever watches the watchtower from outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from watchtower.asking import AFRESH, CONNECT_TIMEOUT, READ_TIMEOUT, Unreadable
from watchtower.words import Message

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from urllib3 import PoolManager


def tell(sns: SNSClient, topic: str, message: Message) -> None:
    """Publish to everybody; phones filter by ``weight``."""
    texts = {"default": message.body, "email": message.body, "sms": message.sms}
    sns.publish(
        TopicArn=topic,
        Subject=message.subject,
        Message=json.dumps(texts, ensure_ascii=False),
        MessageStructure="json",
        MessageAttributes={"weight": {"DataType": "String", "StringValue": message.weight}},
    )


def ping(http: PoolManager, address: str) -> None:
    """Tell the dead man's switch that all is well."""
    from urllib3 import Timeout  # noqa: PLC0415 - beside its only use

    timeout = Timeout(connect=CONNECT_TIMEOUT.total_seconds(), read=READ_TIMEOUT.total_seconds())
    answer = http.request(
        "GET", address, headers=AFRESH, timeout=timeout, retries=False, redirect=False, preload_content=False
    )
    answer.release_conn()
    if not 200 <= answer.status < 300:
        raise Unreadable(f"HTTP status {answer.status}")
