"""Tells people by Amazon SNS: one message a contact, from which each subscription gets its medium's own text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.aws.wire import encode
from defib.core.canary import Canary
from defib.core.frozen import replace
from defib.core.medium import Medium
from defib.core.post import Post

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

PERMISSIONS = (Permission(("sns:Publish",), Scope.INCIDENTS_TOPIC), Permission(("sns:Publish",), Scope.CHAT_TOPICS))

NOBODY = "canary:nobody"
"""A service that no subscription asks for: the names of services have no colon, and what is for everybody begins
otherwise (core/bulletin.py)."""
CANARY = "canary"
"""The kind of notice that one subscription wants: that which brings canaries back."""
BACK = "incidents"
"""The way back: by this topic."""


class SnsExit:
    """Keeps the promises of ``shell.canary.Exit``: the whole way to the topic, and to no person beyond."""

    def __init__(self, sns: SNSClient, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def canary(self, canary: Canary) -> None:
        with translated("publishing a canary"):
            self._sns.publish(
                TopicArn=self._topic_arn,
                Subject="A canary of Defib's watchtower, which should reach nobody",
                Message=encode(replace(canary, by=BACK)),
                MessageAttributes={
                    "notice": {"DataType": "String", "StringValue": CANARY},
                    "service": {"DataType": "String", "StringValue": NOBODY},
                },
            )


class SnsChannel:
    """Keeps the promises of ``ports.Channel`` for e-mail, SMS and HTTPS.

    Defib's own subscriptions filter on ``contact`` and ``media``. Others may filter on ``contact``, ``notice``,
    ``service``, ``incident`` and ``severity``; without ``contact`` they get one copy for each contact.
    """

    name = "sns"
    media: tuple[Medium, ...] = (Medium.EMAIL, Medium.SMS, Medium.HTTPS)

    def __init__(self, sns: SNSClient, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def publish(self, post: Post) -> None:
        texts = {"default": post.email, "email": post.email, "sms": post.sms, "https": post.https or post.email}
        with translated(f"telling {post.contact} of {post.incident_id}"):
            self._sns.publish(
                TopicArn=self._topic_arn,
                Subject=post.subject,
                Message=json.dumps(texts, ensure_ascii=False),
                MessageStructure="json",
                MessageAttributes={
                    "contact": {"DataType": "String", "StringValue": post.contact},
                    "media": {"DataType": "String.Array", "StringValue": json.dumps(list(post.media))},
                    "notice": {"DataType": "String", "StringValue": post.notice},
                    "service": {"DataType": "String", "StringValue": post.service},
                    "incident": {"DataType": "String", "StringValue": post.incident_id},
                    "severity": {"DataType": "String", "StringValue": post.severity},
                    # Not dropped when carriers are busy (SNS Developer Guide, Publishing to a topic with SMS).
                    "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
                },
            )


class ChatChannel:
    """Keeps the promises of ``ports.Channel`` for chat: a topic for each contact that a chat channel subscribes to."""

    name = "chat"
    media: tuple[Medium, ...] = (Medium.CHAT,)

    def __init__(self, sns: SNSClient, topic_arns: Mapping[str, str]) -> None:
        self._sns = sns
        self._topic_arns = topic_arns

    def publish(self, post: Post) -> None:
        with translated(f"telling the chat of {post.contact} of {post.incident_id}"):
            self._sns.publish(TopicArn=self._topic_arns[post.contact], Message=post.chat)
