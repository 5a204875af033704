"""Tells people by Amazon SNS: one topic, from which e-mail and SMS subscribers each get their own text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from defib.aws.errors import translated
from defib.aws.permission import Permission, Scope
from defib.core.answer.mail import with_link
from defib.core.canary import Canary
from defib.core.incident import Notice

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from defib.shell.ports import Links

PERMISSIONS = (Permission(("sns:Publish",), Scope.INCIDENTS_TOPIC),)


NOBODY = "canary:nobody"
"""A service that no subscription asks for: the names of services have no colon, and what is for everybody begins
otherwise (core/bulletin.py)."""


class SnsExit:
    """Keeps the promises of ``shell.canary.Exit``: the whole way to the topic, and to no person beyond."""

    def __init__(self, sns: SNSClient, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def canary(self, canary: Canary) -> None:
        with translated("publishing a canary"):
            self._sns.publish(
                TopicArn=self._topic_arn,
                Message=f"A canary of {canary.sent_at.isoformat()}. It should reach nobody.",
                MessageAttributes={
                    "notice": {"DataType": "String", "StringValue": "canary"},
                    "service": {"DataType": "String", "StringValue": NOBODY},
                },
            )


class SnsChannel:
    """Keeps the promises of ``ports.Channel``. Subscriptions may filter on ``notice``, ``service`` and ``incident``."""

    name = "sns"

    def __init__(self, sns: SNSClient, topic_arn: str, links: Links) -> None:
        self._sns = sns
        self._topic_arn = topic_arn
        self._links = links

    def publish(self, notice: Notice) -> None:
        # One message goes to all who are subscribed: so does its link. An SMS has no room for one.
        link = self._links.link_for(notice, "")
        body = notice.body if link is None else with_link(notice.body, link.url, link.until)
        texts = {"default": body, "email": body, "sms": notice.sms}
        with translated(f"publishing notice {notice.incident_id}-{notice.sequence}"):
            self._sns.publish(
                TopicArn=self._topic_arn,
                Subject=notice.subject,
                Message=json.dumps(texts, ensure_ascii=False),
                MessageStructure="json",
                MessageAttributes={
                    "notice": {"DataType": "String", "StringValue": notice.kind},
                    "service": {"DataType": "String", "StringValue": notice.service},
                    "incident": {"DataType": "String", "StringValue": notice.incident_id},
                },
            )
